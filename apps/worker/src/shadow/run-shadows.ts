import type { Payloads } from '@augur/core/payloads/payloads'
import { isTerminal, type JsonText, type Prediction } from '@augur/core/predictions/prediction'
import type { PredictionStore } from '@augur/core/predictions/prediction-store'
import type { ShadowJob } from '@augur/core/queue/jobs'
import { comparePair } from '@augur/core/shadow/compare-pair'
import type { NoPair, ShadowPair, ShadowStore } from '@augur/core/shadow/shadow-store'
import type { Metrics } from '@augur/core/telemetry/metrics'
import { type ItemOutcome, runInHalves } from '@augur/inference/run-in-halves'
import type { ItemResult, RunInput } from '@augur/inference/runner/protocol'
import type { RunOutcome } from '@augur/inference/runner/runner'
import { type ResolveContext, resolveInputs } from '../predictions/resolve-inputs.js'

export interface ShadowContext extends ResolveContext {
  predictions: Pick<PredictionStore, 'readMany'>
  payloads: Pick<Payloads, 'read'>
  shadowStore: Pick<ShadowStore, 'record'>
  metrics: Pick<Metrics, 'shadows'>
  /** Properties of the version's inputs that may hold the URL of a file. */
  fileFields: readonly string[]
  model: string
}

/** A prediction as it was answered, ready to be answered once more. */
interface Primary {
  job: ShadowJob
  prediction: Prediction
  input: JsonText
  output: JsonText | null
}

type Result = ItemResult & { ms: number }

/** Repeats predictions that have ended, and counts how the answers compare. Rejects when no runner is to be had. */
export async function runShadows(
  context: ShadowContext,
  jobs: readonly ShadowJob[],
  run: (inputs: RunInput[]) => Promise<RunOutcome>,
): Promise<void> {
  const { primaries, unusable } = await readPrimaries(context, jobs)
  await record(context, unusable)
  const pairs: OfTrial[] = []
  await runInHalves<Primary, Result>(primaries, {
    run: async (some) => timed(await run(some.map(inputOf))),
    // Alone once is enough to tell who it was: a second time would say nothing new of the candidate.
    charge: () => Promise.resolve(0),
    settle: (settled) => {
      for (const { item, outcome } of settled) pairs.push([item.job.trial, pairOf(item, outcome)])
    },
  })
  await record(context, pairs)
}

const inputOf = ({ prediction: { form }, input: json }: Primary): RunInput => ({ form, json })

type OfTrial = [trial: string, pair: ShadowPair]

const without = ({ trial, primary: id }: ShadowJob, pair: NoPair): OfTrial => [
  trial,
  { id, pair, stableMs: null, candidateMs: null, candidateOutput: null },
]

/**
 * Those that can be repeated, and the others. A URL of another host is not fetched again: its owner was promised nothing,
 * and what is there now need not be what was answered.
 */
async function readPrimaries(
  context: ShadowContext,
  jobs: readonly ShadowJob[],
): Promise<{ primaries: Primary[]; unusable: OfTrial[] }> {
  const predictions = await context.predictions.readMany(jobs.map(({ primary }) => primary))
  const read = await Promise.all(
    jobs.map(async (job, i) => readPrimary(context, job, predictions[i] ?? null)),
  )
  const found = read.filter((primary) => primary !== null)
  const wanted = found.map(({ prediction: { tenant, form }, input }) => ({ tenant, form, input }))
  const resolved = await resolveInputs(context, context.fileFields, wanted, { isOwnOnly: true })
  const primaries: Primary[] = []
  const unusable = jobs.filter((_, i) => read[i] === null).map((job) => without(job, 'missing'))
  for (const [i, primary] of found.entries()) {
    const outcome = resolved[i]
    if (outcome?.ok) primaries.push({ ...primary, input: outcome.input })
    else unusable.push(without(primary.job, 'input_gone'))
  }
  return { primaries, unusable }
}

async function readPrimary(
  { payloads }: ShadowContext,
  job: ShadowJob,
  prediction: Prediction | null,
): Promise<Primary | null> {
  if (!prediction || !isTerminal(prediction.status)) return null
  const orNull = () => null
  const input = await payloads.read(prediction.input).catch(orNull)
  const output = await payloads.read(prediction.output).catch(orNull)
  const isWhole = input !== null && (output !== null || prediction.status !== 'succeeded')
  return isWhole ? { job, prediction, input, output } : null
}

function timed(outcome: RunOutcome) {
  if (outcome.kind !== 'ran') return outcome
  const { preprocessMs, runMs, postprocessMs } = outcome.timings
  const ms = preprocessMs + runMs + postprocessMs
  return { kind: outcome.kind, results: outcome.results.map((result) => ({ ...result, ms })) }
}

function pairOf({ job, prediction, output }: Primary, outcome: ItemOutcome<Result>): ShadowPair {
  const result = outcome.kind === 'ran' ? outcome.result : null
  const answer = result?.ok ? result.output : null
  return {
    id: job.primary,
    pair: comparePair(output, answer),
    stableMs: timeOf(prediction.provenance),
    candidateMs: answer === null ? null : (result?.ms ?? null),
    candidateOutput: answer ?? JSON.stringify(failureOf(outcome)),
  }
}

function failureOf(outcome: ItemOutcome<Result>): { error_code: string; error?: string } | null {
  if (outcome.kind === 'failed') return { error_code: outcome.code }
  const { result } = outcome
  return result.ok ? null : { error_code: result.code, error: result.message }
}

/** What the runner took, as its provenance says. */
function timeOf(provenance: JsonText | null): number | null {
  // Written by workers, and by nobody else.
  const times: Record<string, unknown> = JSON.parse(provenance ?? '{}')
  const stages = [times.preprocess_ms, times.run_ms, times.postprocess_ms].map(Number)
  const sum = stages.reduce((total, ms) => total + ms, 0)
  return Number.isFinite(sum) ? sum : null
}

async function record(context: ShadowContext, pairs: readonly OfTrial[]): Promise<void> {
  const byTrial = new Map<string, ShadowPair[]>()
  for (const [trial, pair] of pairs) byTrial.set(trial, [...(byTrial.get(trial) ?? []), pair])
  for (const [trial, some] of byTrial) await context.shadowStore.record(trial, some)
  for (const [, { pair }] of pairs) {
    const outcome = typeof pair === 'string' ? pair : pair.outcome
    context.metrics.shadows.inc({ model: context.model, outcome })
  }
}
