import type { ModelTag, PredictionId } from '../ids.js'
import { type FinishContext, finishPredictions } from '../predictions/finish-predictions.js'
import { type Ending, isTerminal, type Prediction } from '../predictions/prediction.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'

export interface ExpireContext extends FinishContext {
  tag: ModelTag
  queues: Pick<PredictionQueues, 'remove'>
  now(): number
}

const pageSize = 200
const maxPages = 25

/**
 * Gives up the predictions of one model whose time is up: those that were not begun by then, and those that were not to
 * run any longer. Any number of processes may do this at a time. Returns how many ended.
 */
export async function expireDue(context: ExpireContext): Promise<number> {
  let expired = 0
  for (let page = 0; page < maxPages; page++) {
    const ids = await context.predictions.dueUntil(context.tag, context.now(), pageSize)
    const read = await context.predictions.readMany(await settleIndex(context, ids))
    const due = read.filter((prediction) => prediction !== null)
    for (const ofVersion of byVersion(due)) expired += await giveUp(context, ofVersion)
    if (ids.length < pageSize) break
  }
  return expired
}

/** Takes out of the index what has ended, puts off what runs and may, and returns the rest. */
async function settleIndex(
  { predictions, tag, now }: ExpireContext,
  ids: readonly PredictionId[],
): Promise<PredictionId[]> {
  const heads = await predictions.readHeads(ids)
  const due: PredictionId[] = []
  const settled: [PredictionId, number | null][] = []
  for (const [i, id] of ids.entries()) {
    const head = heads[i] ?? null
    if (head === null || isTerminal(head.status)) settled.push([id, null])
    else if (head.status === 'starting' || isPast(head.deadlineAt, now())) due.push(id)
    else settled.push([id, head.deadlineAt])
  }
  await predictions.setDue(tag, settled)
  return due
}

const isPast = (timeMs: number | null, nowMs: number) => timeMs !== null && timeMs <= nowMs

function byVersion(predictions: readonly Prediction[]): Prediction[][] {
  const groups = new Map<string, Prediction[]>()
  for (const prediction of predictions) {
    groups.set(prediction.version, [...(groups.get(prediction.version) ?? []), prediction])
  }
  return [...groups.values()]
}

async function giveUp(context: ExpireContext, ofVersion: readonly Prediction[]): Promise<number> {
  const ending = expiredAt(context.now())
  const outcomes = await finishPredictions(
    context,
    ofVersion.map((prediction) => ({ prediction, ending })),
  )
  // What was claimed meanwhile stays in the index, and is looked at again.
  const ended = ofVersion.filter((_, i) => outcomes[i] !== 'fenced')
  const [first] = ended
  if (first) await context.queues.remove(first, ended)
  await context.predictions.setDue(
    context.tag,
    ended.map(({ id }) => [id, null]),
  )
  return outcomes.filter((outcome) => outcome === 'finished').length
}

const expiredAt = (completedAt: number): Ending => ({
  status: 'canceled',
  output: null,
  error: 'The prediction did not begin, or did not end, by the time that its caller set.',
  errorCode: 'expired',
  completedAt,
  provenance: null,
})
