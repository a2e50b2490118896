import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Verification } from '@augur/core/verification/verification'

/** What figures were measured on: they compare with those of the same machine only. */
export function describeMachine(): Verification['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
  }
}
