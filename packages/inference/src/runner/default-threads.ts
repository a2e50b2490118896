import { availableParallelism } from 'node:os'

/** More gain little for one run, and other versions want cores too. */
const mostThreads = 8

/** Threads for each run of a version with so many runners, where its manifest says nothing: its share of the cores. */
export function defaultThreads(instances: number, cores = availableParallelism()): number {
  return Math.max(1, Math.min(mostThreads, Math.floor(cores / instances)))
}
