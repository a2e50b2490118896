import { randomToken } from '@augur/core/ids'
import type { VersionId } from '@augur/core/models/version'
import type { Payloads } from '@augur/core/payloads/payloads'
import { discardOutput } from '@augur/core/predictions/discard-output'
import { type FinishContext, finishPredictions } from '@augur/core/predictions/finish-predictions'
import type { Ending, JsonText, Prediction, PredictionErrorCode } from '@augur/core/predictions/prediction'
import type { ClaimOutcome } from '@augur/core/predictions/prediction-store'
import type { PredictionJob } from '@augur/core/queue/jobs'
import type { Logger } from '@augur/core/telemetry/logger'
import { traceFields } from '@augur/core/telemetry/trace-fields'
import { type ItemOutcome, runInHalves, type Settled } from '@augur/inference/run-in-halves'
import type { ItemResult, RunInput, RunTimings, Served } from '@augur/inference/runner/protocol'
import type { RunOutcome } from '@augur/inference/runner/runner'
import type { RunnerLease } from '@augur/inference/runner-pool'
import { RunnerUnavailableError } from '@augur/inference/runner-seat'
import { announceStart, type StartContext, type Started } from './announce-start.js'
import { type ResolveContext, resolveInputs } from './resolve-inputs.js'
import { RunClocks } from './run-clocks.js'

export interface MicroBatchContext extends FinishContext, StartContext, ResolveContext {
  payloads: Payloads
  logger: Logger
  /** This worker's name. */
  worker: string
  /** The version that is run. */
  version: VersionId
  /** Properties of its inputs that may hold the URL of a file. */
  fileFields: readonly string[]
  now(): number
  /** Called when a run begins, and what it gives back when that run ends: with nothing where no runner took it. */
  onRun(size: number): (outcome?: RunOutcome) => void
  /** Called for each end that this worker brought about, with the run that gave its answer. */
  onEnd(prediction: Prediction, ending: Ending, ran?: Ran): void
}

/** A run that a runner finished. */
export interface Ran {
  /** Predictions that shared it. */
  size: number
  timings: RunTimings
}

/** A queue job that this worker holds. */
export interface HeldJob {
  job: PredictionJob
  /** Set when its prediction was cancelled; whatever it still yields is thrown away. */
  canceled: boolean
  /** Its prediction has ended: nobody needs what it still yields, and it may cost its runner. */
  abandon(): void
}

/** What came of one input, and how. */
type Result = ItemResult & { provenance: JsonText; ran?: Ran }

interface Claimed extends Started {
  held: HeldJob
  /** What is run: as given, with the bytes of files in place of their URLs. */
  input: JsonText
}

interface Finish {
  prediction: Prediction
  ending: Ending
  ran?: Ran | undefined
}

export const failureMessages: Record<
  'runner_crashed' | 'timeout' | 'resource_limit' | 'storage' | 'time_up',
  string
> = {
  runner_crashed: 'The model ended its process on this input, three times.',
  timeout: 'The model did not answer in the time that its version allows.',
  time_up: 'The prediction ran for longer than its caller allowed.',
  resource_limit: 'The model needed more memory than it may use.',
  storage: 'The input of the prediction could not be read.',
}

/** Held jobs whose predictions are this worker's now, with their inputs: ready for a runner. */
export interface Prepared {
  readonly items: readonly Claimed[]
  /** What a run of all of them is given. */
  readonly inputs: RunInput[]
}

/**
 * Claims the predictions of held jobs and reads their inputs. Those that cannot be had are not among what it gives.
 * @throws RunnerUnavailableError when the signal was aborted while files were fetched: all of them are still open then
 */
export async function prepareMicroBatch(
  context: MicroBatchContext,
  batch: readonly HeldJob[],
  signal?: AbortSignal,
): Promise<Prepared> {
  const items = await readInputs(context, await claim(context, batch), signal)
  await announceStart(context, items)
  return { items, inputs: items.map(inputOf) }
}

const inputOf = ({ prediction: { form }, input: json }: Claimed): RunInput => ({ form, json })

/**
 * Takes what is prepared through run and terminal transition. Resolves when the runner is no longer needed, with a
 * promise of the moment when every end is written. Rejects when no runner is to be had: what has not ended by then
 * is still open and can be claimed again.
 */
export async function runMicroBatch(
  context: MicroBatchContext,
  lease: Pick<RunnerLease, 'run' | 'served'>,
  { items, inputs }: Prepared,
): Promise<{ written: Promise<unknown> }> {
  // It may have waited for its runner for a while.
  const wanted = items.filter(({ held }) => !held.canceled)
  const writing: Promise<void>[] = []
  const clocks = new RunClocks(wanted, (item) => void writing.push(endInTime(context, item)))
  const settle = (settled: readonly Settled<Claimed, Result>[]) => {
    clocks.stop(settled.map(({ item }) => item))
    const written = finish(context, settled)
    // Looked at below, when the other half has run: until then a rejection must not count as unhandled.
    written.catch(() => {})
    writing.push(written)
  }
  try {
    await runInHalves<Claimed, Result>(wanted, {
      run: (some) => run(context, lease, some, some.length === items.length ? inputs : some.map(inputOf)),
      charge: ({ prediction }) => context.predictions.charge(prediction.id, prediction.token),
      settle,
    })
  } catch (error) {
    await Promise.allSettled(writing)
    throw error
  } finally {
    clocks.stop()
  }
  return { written: Promise.all(writing) }
}

/** Ends a prediction that still runs. Never rejects: should that fail, it ends when its run does. */
async function endInTime(context: MicroBatchContext, { held, prediction }: Claimed): Promise<void> {
  const provenance = JSON.stringify({ worker: context.worker })
  try {
    await end(context, [
      { prediction, ending: failure(context, 'timeout', failureMessages.time_up, provenance) },
    ])
    held.abandon()
  } catch (error) {
    context.logger.warn({ err: error, ...idsOf(prediction) }, 'prediction could not be ended in time')
  }
}

async function claim(
  context: MicroBatchContext,
  batch: readonly HeldJob[],
): Promise<[HeldJob, Prediction][]> {
  const claims = batch.map(({ job }) => ({ id: job.id, epoch: job.epoch, token: randomToken() }))
  const outcomes: ClaimOutcome[] = await context.predictions.claim(claims, context.now(), context.version)
  return batch.flatMap((held, i) => {
    const outcome = outcomes[i]
    return outcome?.kind === 'claimed' ? [[held, outcome.prediction]] : []
  })
}

async function readInputs(
  context: MicroBatchContext,
  claimed: readonly (readonly [HeldJob, Prediction])[],
  signal: AbortSignal | undefined,
): Promise<Claimed[]> {
  const inputs = await Promise.all(
    claimed.map(([, { input }]) => context.payloads.read(input).catch(() => null)),
  )
  const ready: Claimed[] = []
  const unreadable: Prediction[] = []
  for (const [i, [held, prediction]] of claimed.entries()) {
    const input = inputs[i]
    if (input == null) unreadable.push(prediction)
    else ready.push({ held, prediction, given: input, input })
  }
  await end(
    context,
    unreadable.map((prediction) => ({
      prediction,
      ending: failure(context, 'storage', failureMessages.storage),
    })),
  )
  return context.fileFields.length === 0 ? ready : readFiles(context, ready, signal)
}

/** Ends those whose files cannot be had. */
async function readFiles(
  context: MicroBatchContext,
  claimed: readonly Claimed[],
  signal: AbortSignal | undefined,
): Promise<Claimed[]> {
  const wanted = claimed.map(({ prediction: { id, tenant, form }, input }) => ({ id, tenant, form, input }))
  const resolved = await resolveInputs(context, context.fileFields, wanted, signal && { signal })
  if (signal?.aborted) throw new RunnerUnavailableError('the version is leaving')
  const ready: Claimed[] = []
  const ended: Finish[] = []
  for (const [i, item] of claimed.entries()) {
    const outcome = resolved[i]
    if (outcome?.ok) ready.push({ ...item, input: outcome.input })
    else if (outcome) ended.push({ ...item, ending: failure(context, outcome.code, outcome.message) })
  }
  await end(context, ended)
  return ready
}

async function run(
  context: MicroBatchContext,
  lease: Pick<RunnerLease, 'run' | 'served'>,
  items: readonly Claimed[],
  inputs: RunInput[],
) {
  if (isUnwanted(items)) return yieldNothing(context, items)
  const outcome = await observed(context, lease, inputs)
  if (outcome.kind === 'ran') {
    const ran = { size: items.length, timings: outcome.timings }
    const provenance = provenanceOf(context, lease.served, ran)
    return { kind: outcome.kind, results: outcome.results.map((result) => ({ ...result, provenance, ran })) }
  }
  // Its runner was killed because it was cancelled: that is no crash.
  return isUnwanted(items) ? yieldNothing(context, items) : outcome
}

const isUnwanted = (items: readonly Claimed[]) => items.every(({ held }) => held.canceled)

/** What a run gave that nobody reads: all of its predictions were cancelled. */
function yieldNothing({ worker }: MicroBatchContext, items: readonly Claimed[]) {
  const nothing = { ok: true as const, output: 'null', provenance: JSON.stringify({ worker }) }
  return { kind: 'ran' as const, results: items.map(() => nothing) }
}

const rounded = (ms: number) => Math.round(ms * 1000) / 1000

/** The part of a prediction's provenance that a micro-batch has in common. */
function provenanceOf(
  { worker }: MicroBatchContext,
  served: Served | undefined,
  { size, timings: { preprocessMs, runMs, postprocessMs } }: Ran,
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
  inputs: RunInput[],
) {
  const onRan = context.onRun(inputs.length)
  let outcome: RunOutcome | undefined
  try {
    outcome = await lease.run(inputs)
    return outcome
  } finally {
    onRan(outcome)
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
      ran: outcome.kind === 'ran' ? outcome.result.ran : undefined,
    })),
  )
  await end(context, finishes)
}

async function end(context: MicroBatchContext, finishes: Finish[]): Promise<void> {
  const outcomes = await finishPredictions(context, finishes)
  for (const [i, { prediction, ending, ran }] of finishes.entries()) {
    if (outcomes[i] === 'finished') context.onEnd(prediction, ending, ran)
    else await discardLate(context, prediction, ending)
  }
}

/** Best effort: the reconciler removes what is left. */
async function discardLate(context: MicroBatchContext, prediction: Prediction, { output }: Ending) {
  await discardOutput(context, prediction, output).catch((error: unknown) =>
    context.logger.warn({ err: error, ...idsOf(prediction) }, 'late output could not be removed'),
  )
}

async function endingOf(
  context: MicroBatchContext,
  prediction: Prediction,
  outcome: ItemOutcome<Result>,
): Promise<Ending> {
  if (outcome.kind === 'failed') {
    const provenance = JSON.stringify({ worker: context.worker })
    return failure(context, outcome.code, failureMessages[outcome.code], provenance)
  }
  const { provenance, logs } = outcome.result
  const written = logs === undefined ? {} : { logs }
  if (!outcome.result.ok) {
    const { code, message } = outcome.result
    return { ...failure(context, code, message, provenance), ...written }
  }
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
      ...written,
    }
  } catch (error) {
    context.logger.error({ err: error, ...idsOf(prediction) }, 'output could not be stored')
    return { ...failure(context, 'storage', 'The output of the prediction could not be stored.'), ...written }
  }
}

const idsOf = ({ id, traceparent }: Prediction) => ({ prediction: id, ...traceFields(traceparent) })

function failure(
  context: MicroBatchContext,
  errorCode: PredictionErrorCode,
  error: string,
  provenance: JsonText | null = null,
): Ending {
  return { status: 'failed', output: null, error, errorCode, completedAt: context.now(), provenance }
}
