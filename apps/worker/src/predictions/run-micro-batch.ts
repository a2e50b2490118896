import { randomToken } from '@augur/core/ids'
import type { Payloads } from '@augur/core/payloads/payloads'
import { type FinishContext, finishPredictions } from '@augur/core/predictions/finish-predictions'
import type { Ending, JsonText, Prediction, PredictionErrorCode } from '@augur/core/predictions/prediction'
import type { ClaimOutcome } from '@augur/core/predictions/prediction-store'
import type { SinglePredictionJob } from '@augur/core/queue/jobs'
import type { Logger } from '@augur/core/telemetry/logger'
import { type ItemOutcome, runInHalves, type Settled } from '@augur/inference/run-in-halves'
import type { ItemResult, RunTimings, Served } from '@augur/inference/runner/protocol'
import type { RunOutcome } from '@augur/inference/runner/runner'
import type { RunnerLease } from '@augur/inference/runner-pool'
import { announceStart, type StartContext } from './announce-start.js'

export interface MicroBatchContext extends FinishContext, StartContext {
  payloads: Payloads
  logger: Logger
  /** This worker's name. */
  worker: string
  now(): number
  /** Called when a run begins, and what it gives back when that run ends. */
  onRun(size: number): (end: RunEnd) => void
  /** Called for each end that this worker brought about. */
  onEnd(prediction: Prediction, ending: Ending): void
}

/** `unavailable`: no runner took it. */
export type RunEnd = RunOutcome['kind'] | 'unavailable'

/** A queue job that this worker holds. */
export interface HeldJob {
  job: SinglePredictionJob
  /** Set when its prediction was cancelled; whatever it still yields is thrown away. */
  canceled: boolean
}

/** What came of one input, and how. */
type Result = ItemResult & { provenance: JsonText }

interface Claimed {
  held: HeldJob
  prediction: Prediction
  input: JsonText
}

const messages: Record<'runner_crashed' | 'timeout' | 'resource_limit' | 'storage', string> = {
  runner_crashed: 'The model ended its process on this input, three times.',
  timeout: 'The model did not answer in the time that its version allows.',
  resource_limit: 'The model needed more memory than it may use.',
  storage: 'The input of the prediction could not be read.',
}

/**
 * Takes held jobs through claim, run and terminal transition. Resolves when the runner is no longer needed, with a
 * promise of the moment when every end is written. Rejects when no runner is to be had: what has not ended by then
 * is still open and can be claimed again.
 */
export async function runMicroBatch(
  context: MicroBatchContext,
  lease: Pick<RunnerLease, 'run' | 'served'>,
  batch: readonly HeldJob[],
): Promise<{ written: Promise<unknown> }> {
  const claimed = await claim(context, batch)
  const ready = await readInputs(context, claimed)
  await announceStart(
    context,
    ready.map(({ prediction }) => prediction),
  )
  const writing: Promise<void>[] = []
  const settle = (settled: readonly Settled<Claimed, Result>[]) => {
    const written = finish(context, settled)
    // Looked at below, when the other half has run: until then a rejection must not count as unhandled.
    written.catch(() => {})
    writing.push(written)
  }
  try {
    await runInHalves<Claimed, Result>(ready, {
      run: (items) => run(context, lease, items),
      charge: ({ prediction }) => context.predictions.charge(prediction.id, prediction.token),
      settle,
    })
  } catch (error) {
    await Promise.allSettled(writing)
    throw error
  }
  return { written: Promise.all(writing) }
}

async function claim(
  context: MicroBatchContext,
  batch: readonly HeldJob[],
): Promise<[HeldJob, Prediction][]> {
  const claims = batch.map(({ job }) => ({ id: job.id, epoch: job.epoch, token: randomToken() }))
  const outcomes: ClaimOutcome[] = await context.predictions.claim(claims, context.now())
  return batch.flatMap((held, i) => {
    const outcome = outcomes[i]
    return outcome?.kind === 'claimed' ? [[held, outcome.prediction]] : []
  })
}

async function readInputs(
  context: MicroBatchContext,
  claimed: readonly (readonly [HeldJob, Prediction])[],
): Promise<Claimed[]> {
  const inputs = await Promise.all(
    claimed.map(([, { input }]) => context.payloads.read(input).catch(() => null)),
  )
  const ready: Claimed[] = []
  const unreadable: Prediction[] = []
  for (const [i, [held, prediction]] of claimed.entries()) {
    const input = inputs[i]
    if (input == null) unreadable.push(prediction)
    else ready.push({ held, prediction, input })
  }
  await end(
    context,
    unreadable.map((prediction) => ({ prediction, ending: failure(context, 'storage', messages.storage) })),
  )
  return ready
}

async function run(
  context: MicroBatchContext,
  lease: Pick<RunnerLease, 'run' | 'served'>,
  items: readonly Claimed[],
) {
  const outcome = await observed(context, lease, items)
  const [only] = items
  if (outcome.kind === 'ran') {
    const provenance = provenanceOf(context, lease.served, items.length, outcome.timings)
    return { kind: outcome.kind, results: outcome.results.map((result) => ({ ...result, provenance })) }
  }
  // Its runner was killed because it was cancelled: that is no crash, and nobody reads what it yields.
  if (items.length === 1 && only?.held.canceled) {
    const nothing = {
      ok: true as const,
      output: 'null',
      provenance: JSON.stringify({ worker: context.worker }),
    }
    return { kind: 'ran' as const, results: [nothing] }
  }
  return outcome
}

const rounded = (ms: number) => Math.round(ms * 1000) / 1000

/** The part of a prediction's provenance that a micro-batch has in common. */
function provenanceOf(
  { worker }: MicroBatchContext,
  served: Served | undefined,
  size: number,
  { preprocessMs, runMs, postprocessMs }: RunTimings,
): JsonText {
  return JSON.stringify({
    ...served,
    worker,
    micro_batch_size: size,
    preprocess_ms: rounded(preprocessMs),
    run_ms: rounded(runMs),
    postprocess_ms: rounded(postprocessMs),
  })
}

async function observed(
  context: MicroBatchContext,
  lease: Pick<RunnerLease, 'run' | 'served'>,
  items: readonly Claimed[],
) {
  const onRan = context.onRun(items.length)
  let kind: RunEnd = 'unavailable'
  try {
    const outcome = await lease.run(items.map(({ prediction: { form }, input: json }) => ({ form, json })))
    kind = outcome.kind
    return outcome
  } finally {
    onRan(kind)
  }
}

async function finish(
  context: MicroBatchContext,
  settled: readonly Settled<Claimed, Result>[],
): Promise<void> {
  const finishes = await Promise.all(
    settled.map(async ({ item: { prediction }, outcome }) => ({
      prediction,
      ending: await endingOf(context, prediction, outcome),
    })),
  )
  await end(context, finishes)
}

async function end(
  context: MicroBatchContext,
  finishes: { prediction: Prediction; ending: Ending }[],
): Promise<void> {
  const outcomes = await finishPredictions(context, finishes)
  for (const [i, { prediction, ending }] of finishes.entries()) {
    if (outcomes[i] === 'finished') context.onEnd(prediction, ending)
  }
}

async function endingOf(
  context: MicroBatchContext,
  prediction: Prediction,
  outcome: ItemOutcome<Result>,
): Promise<Ending> {
  if (outcome.kind === 'failed') {
    const provenance = JSON.stringify({ worker: context.worker })
    return failure(context, outcome.code, messages[outcome.code], provenance)
  }
  const { provenance } = outcome.result
  if (!outcome.result.ok) return failure(context, outcome.result.code, outcome.result.message, provenance)
  try {
    const output = await context.payloads.keep(
      prediction.id,
      'output',
      outcome.result.output,
      prediction.attempt,
    )
    return {
      status: 'succeeded',
      output,
      error: null,
      errorCode: null,
      completedAt: context.now(),
      provenance,
    }
  } catch (error) {
    context.logger.error({ err: error, prediction: prediction.id }, 'output could not be stored')
    return failure(context, 'storage', 'The output of the prediction could not be stored.')
  }
}

function failure(
  context: MicroBatchContext,
  errorCode: PredictionErrorCode,
  error: string,
  provenance: JsonText | null = null,
): Ending {
  return { status: 'failed', output: null, error, errorCode, completedAt: context.now(), provenance }
}
