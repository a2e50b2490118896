import { basename } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import type { VerificationSettings } from '@augur/core/verification/tolerances'
import type { Verification } from '@augur/core/verification/verification'
import { compareVersions, type Runners, runInputOf } from './compare-versions.js'
import { batchSizes, measureBatches } from './cost/measure-batches.js'
import { UsageWatch } from './cost/measure-cost.js'
import type { BrokenLine, Dataset } from './dataset/example.js'
import { fitExamples } from './dataset/fit-examples.js'
import { judge } from './judge.js'
import { knownLabels } from './known-labels.js'
import { describeMachine } from './machine.js'
import { MeasuredRunner } from './measured-runner.js'

export interface VerifyOptions {
  baseline: LocalVersion
  candidate: LocalVersion
  dataset: Dataset
  /** Tolerances, and the k of top-k accuracy. */
  settings: Omit<VerificationSettings, 'dataset'>
  /** As a person typed it, for the report. */
  command: string
  /** How long each version is measured at each size of micro-batch. */
  secondsPerSize: number
  now(): Date
  /** `done` of `total` steps of equal length, about. */
  onProgress(done: number, total: number): void
}

export interface Verified {
  verification: Verification
  /** Lines of the dataset that were left out. */
  broken: readonly BrokenLine[]
}

const runsPerSize = { fewest: 20, most: 2000 }
const usualTopK = 5
/** Inputs that cost is measured with: enough that they differ, few enough to be kept. */
const costInputs = 256

/**
 * Runs baseline and candidate over the same test set, through the pipeline and the runner that serve them, and judges
 * the candidate by its tolerances.
 * @throws VerificationError when the dataset does not fit, or a version does not load
 */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const { baseline: before, candidate: now } = options
  const baseline = await MeasuredRunner.open(before)
  try {
    const candidate = await MeasuredRunner.open(now)
    try {
      return await verifyRunners({ baseline, candidate }, options)
    } finally {
      await candidate.close()
    }
  } finally {
    await baseline.close()
  }
}

async function verifyRunners(runners: Runners, options: VerifyOptions): Promise<Verified> {
  const { baseline, candidate } = runners
  const labels = await knownLabels(baseline, candidate, options.dataset.examples)
  const known = labels && new Set(labels)
  const dataset = await fitExamples(options.dataset, candidate.version, known)
  const microBatchSize = candidate.version.manifest.serving.batching.maxSize
  const sizes = batchSizes(microBatchSize)
  const progress = new Progress(dataset.examples.length, sizes.length, options)

  const topK = options.settings.topK ?? Math.max(1, Math.min(usualTopK, (labels?.length ?? 2) - 1))
  const quality = await compareVersions(runners, dataset.examples, {
    labels,
    topK,
    microBatchSize,
    onProgress: (done) => progress.compared(done),
  })
  const costs = await measureCosts(runners, sizes, dataset, options.secondsPerSize, () => progress.measured())
  const measured = {
    ...quality,
    baseline: { ...refOf(baseline.version), ...quality.baseline, cost: costs.baseline },
    candidate: { ...refOf(candidate.version), ...quality.candidate, cost: costs.candidate },
  }
  const rules = judge(measured, options.settings)
  const verification: Verification = {
    format: 1,
    model: candidate.version.model,
    createdAt: options.now().toISOString(),
    command: options.command,
    machine: describeMachine(),
    dataset: summaryOf(dataset),
    ...measured,
    rules,
    passed: rules.every(({ passed }) => passed),
  }
  return { verification, broken: dataset.broken }
}

async function measureCosts(
  runners: Runners,
  sizes: readonly number[],
  { examples }: Dataset,
  secondsPerSize: number,
  onProgress: () => void,
) {
  const watched = [runners.baseline, runners.candidate].map((runner) => ({
    runner,
    watch: new UsageWatch(runner),
  }))
  const inputs = await Promise.all(examples.slice(0, costInputs).map(runInputOf))
  const measurement = { inputs, secondsPerSize, runs: runsPerSize, onProgress }
  const [before = [], now = []] = await measureBatches(watched, sizes, measurement)
  const [baseline, candidate] = watched
  if (!baseline || !candidate) throw new Error('two runners are measured')
  return { baseline: await baseline.watch.cost(before), candidate: await candidate.watch.cost(now) }
}

const refOf = ({ id, label }: LocalVersion) => ({ id, label })

function summaryOf({ name, sha256, examples, broken }: Dataset): Verification['dataset'] {
  return {
    name: basename(name),
    sha256,
    examples: examples.length,
    labelled: examples.filter(({ label }) => label !== null).length,
    broken: broken.length,
  }
}

/** Both parts take time: the comparison by its examples, the measurement by its sizes. */
class Progress {
  private sizes = 0

  constructor(
    private readonly examples: number,
    private readonly allSizes: number,
    private readonly options: Pick<VerifyOptions, 'onProgress'>,
  ) {}

  compared(examples: number): void {
    this.report(examples / this.examples)
  }

  measured(): void {
    this.sizes++
    this.report(1 + this.sizes)
  }

  private report(done: number): void {
    this.options.onProgress(done, 1 + this.allSizes)
  }
}
