import { percentile } from '@augur/core/statistics/quantiles'
import type { RunInput } from '@augur/inference/runner/protocol'
import type { BatchCost } from '@augur/core/verification/verification'
import type { MeasuredRunner } from '../measured-runner.js'
import type { UsageWatch } from './measure-cost.js'

/** A runner, and what watches it. */
export interface Watched {
  runner: MeasuredRunner
  watch: UsageWatch
}

export interface BatchMeasurement {
  /** Inputs that micro-batches are made of, again and again. */
  inputs: readonly RunInput[]
  /** How long each version is measured at each size, about. */
  secondsPerSize: number
  /** Fewest and most runs of each version at each size. */
  runs: { fewest: number; most: number }
  onProgress(): void
}

const turns = 5

/** Powers of two up to the largest, and the largest. */
export function batchSizes(largest: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size < largest; size *= 2) sizes.push(size)
  return [...sizes, largest]
}

/**
 * Latency and throughput of runners by size of micro-batch. They take turns in each size, and who begins changes, so
 * that what else the machine does hits all of them.
 */
export async function measureBatches(
  watched: readonly Watched[],
  sizes: readonly number[],
  measurement: BatchMeasurement,
): Promise<BatchCost[][]> {
  const costs: BatchCost[][] = watched.map(() => [])
  for (const size of sizes) {
    const samples: number[][] = watched.map(() => [])
    for (const { runner } of watched) await runner.run(inputsFrom(measurement.inputs, 0, size))
    for (let turn = 0; turn < turns; turn++) {
      for (const index of watched.map((_, place) => (place + turn) % watched.length)) {
        const { runner, watch } = watched[index] ?? {}
        if (!runner || !watch) continue
        samples[index]?.push(...(await watch.during(() => measureTurn(runner, size, measurement))))
      }
    }
    for (const [index, wallMs] of samples.entries()) costs[index]?.push(costOf(size, wallMs))
    measurement.onProgress()
  }
  return costs
}

async function measureTurn(
  runner: MeasuredRunner,
  size: number,
  { inputs, secondsPerSize, runs }: BatchMeasurement,
): Promise<number[]> {
  const samples: number[] = []
  const until = performance.now() + (secondsPerSize * 1000) / turns
  const [fewest, most] = [Math.ceil(runs.fewest / turns), Math.ceil(runs.most / turns)]
  while (samples.length < fewest || (samples.length < most && performance.now() < until)) {
    const { wallMs } = await runner.run(inputsFrom(inputs, samples.length * size, size))
    samples.push(wallMs)
  }
  return samples
}

/** `size` inputs from a place on, and from the start again. */
function inputsFrom(inputs: readonly RunInput[], start: number, size: number): RunInput[] {
  return Array.from({ length: size }, (_, index) => inputs[(start + index) % inputs.length]).filter(
    (input) => input !== undefined,
  )
}

function costOf(microBatchSize: number, wallMs: readonly number[]): BatchCost {
  const totalMs = wallMs.reduce((sum, ms) => sum + ms, 0)
  return {
    microBatchSize,
    runs: wallMs.length,
    p50Ms: percentile(wallMs, 0.5),
    p95Ms: percentile(wallMs, 0.95),
    p99Ms: percentile(wallMs, 0.99),
    perSecond: (1000 * microBatchSize * wallMs.length) / totalMs,
  }
}
