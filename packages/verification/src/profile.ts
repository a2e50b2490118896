import { percentile } from '@augur/core/statistics/quantiles'
import type { LocalVersion } from '@augur/core/models/version'
import type { RunInput } from '@augur/inference/runner/protocol'
import { batchSizes } from './cost/measure-batches.js'
import { describeMachine } from './machine.js'
import { MeasuredRunner } from './measured-runner.js'

/** One way to serve a version, and what it reached. */
export interface ProfiledSetting {
  threads: number
  instances: number
  microBatchSize: number
  /** Of a micro-batch, with all instances busy. */
  p50Ms: number
  p95Ms: number
  p99Ms: number
  /** Predictions of all instances together. */
  perSecond: number
}

export interface Profile {
  model: string
  label: string
  id: string
  createdAt: string
  command: string
  machine: ReturnType<typeof describeMachine>
  latencyTargetMs: number | null
  settings: ProfiledSetting[]
  /** The fastest that keeps the target; null where none does. */
  recommended: ProfiledSetting | null
}

export interface ProfileOptions {
  version: LocalVersion
  inputs: readonly RunInput[]
  /** Largest micro-batch that is tried. */
  maxSize: number
  cores: number
  /** For the 95th percentile of a micro-batch; null where only throughput counts. */
  latencyTargetMs: number | null
  secondsPerSetting: number
  command: string
  now(): Date
  onProgress(done: number, total: number): void
}

interface Share {
  threads: number
  instances: number
}

/** Ways to share cores out: powers of two of threads, and as many instances as that leaves, and one alone. */
export function sharesOf(cores: number): Share[] {
  const shares: Share[] = []
  for (const threads of batchSizes(cores)) {
    for (const instances of batchSizes(Math.max(1, Math.floor(cores / threads)))) {
      shares.push({ threads, instances })
    }
  }
  return shares
}

/** Within a twentieth of the best, the setting that asks for less is the better one. */
const asGood = 0.95

/** The fastest setting that keeps the target: of those about as fast, the smallest micro-batch and the fewest runners. */
export function recommend(
  settings: readonly ProfiledSetting[],
  latencyTargetMs: number | null,
): ProfiledSetting | null {
  const fitting = settings.filter(({ p95Ms }) => latencyTargetMs === null || p95Ms <= latencyTargetMs)
  const best = Math.max(...fitting.map(({ perSecond }) => perSecond))
  const [first] = fitting
    .filter(({ perSecond }) => perSecond >= asGood * best)
    .toSorted(
      (a, b) => a.instances - b.instances || a.microBatchSize - b.microBatchSize || b.perSecond - a.perSecond,
    )
  return first ?? null
}

/**
 * Measures a version with every share of the cores and every size of micro-batch, all instances busy at once.
 * @throws VerificationError when it does not load
 */
export async function profile(options: ProfileOptions): Promise<Profile> {
  const { version, maxSize, cores, latencyTargetMs, command, now, onProgress } = options
  const sizes = batchSizes(maxSize)
  const shares = sharesOf(cores)
  const settings: ProfiledSetting[] = []
  for (const share of shares) {
    const runners = await openAll(version, share)
    try {
      for (const size of sizes) {
        settings.push({ ...share, ...(await measure(runners, size, options)) })
        onProgress(settings.length, shares.length * sizes.length)
      }
    } finally {
      await Promise.all(runners.map((runner) => runner.close()))
    }
  }
  return {
    model: version.model,
    label: version.label,
    id: version.id,
    createdAt: now().toISOString(),
    command,
    machine: describeMachine(),
    latencyTargetMs,
    settings,
    recommended: recommend(settings, latencyTargetMs),
  }
}

async function openAll(version: LocalVersion, { threads, instances }: Share): Promise<MeasuredRunner[]> {
  const { manifest } = version
  const shared = {
    ...version,
    manifest: { ...manifest, serving: { ...manifest.serving, threads, instances } },
  }
  return Promise.all(Array.from({ length: instances }, () => MeasuredRunner.open(shared)))
}

async function measure(
  runners: readonly MeasuredRunner[],
  microBatchSize: number,
  { inputs, secondsPerSetting }: ProfileOptions,
): Promise<Omit<ProfiledSetting, keyof Share>> {
  const batch = Array.from({ length: microBatchSize }, (_, index) => inputs[index % inputs.length]).filter(
    (input) => input !== undefined,
  )
  await Promise.all(runners.map((runner) => runner.run(batch)))
  const startedAt = performance.now()
  const until = startedAt + secondsPerSetting * 1000
  const samples = await Promise.all(runners.map((runner) => runUntil(runner, batch, until)))
  const seconds = (performance.now() - startedAt) / 1000
  const wallMs = samples.flat()
  return {
    microBatchSize,
    p50Ms: percentile(wallMs, 0.5),
    p95Ms: percentile(wallMs, 0.95),
    p99Ms: percentile(wallMs, 0.99),
    perSecond: (wallMs.length * microBatchSize) / seconds,
  }
}

const fewestRuns = 5

async function runUntil(runner: MeasuredRunner, batch: RunInput[], untilMs: number): Promise<number[]> {
  const samples: number[] = []
  while (samples.length < fewestRuns || performance.now() < untilMs) {
    samples.push((await runner.run(batch)).wallMs)
  }
  return samples
}
