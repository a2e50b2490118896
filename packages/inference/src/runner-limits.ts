import { availableParallelism, totalmem } from 'node:os'

const mib = 1024 ** 2
/** What a runner is reckoned with where only their number is decided; small models take less. */
const usualRunnerBytes = 512 * mib

/** The memory that this process and its children may have: the machine's, or its control group's where that is less. */
export function machineMemoryBytes(): number {
  // Without a limit it is 0 or far beyond any machine.
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())
}

/** Runners of their own that a worker keeps, by default: 8, more on many cores, fewer in little memory. */
export function defaultMaxRunners(
  cores = availableParallelism(),
  memoryBytes = machineMemoryBytes(),
): number {
  return Math.max(1, Math.min(Math.max(8, 2 * cores), Math.floor(memoryBytes / usualRunnerBytes)))
}

/** A runner's memory limit by default: half of what there is, so that one that runs wild leaves room for the rest. */
export function defaultRunnerMemoryBytes(memoryBytes = machineMemoryBytes()): number {
  return Math.floor(memoryBytes / 2)
}
