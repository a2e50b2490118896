import { modelTag } from '../ids.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { canceledAt } from './cancel-prediction.js'
import { type FinishContext, finishPredictions } from './finish-predictions.js'
import type { Prediction } from './prediction.js'

export type PurgeContext = FinishContext & { queues: PredictionQueues; now(): number }

const pageSize = 100

/**
 * Cancels the predictions of a version that wait when it is called; those that run go on. Each gets its end and its
 * webhooks, as if its caller had cancelled it. Returns how many.
 */
export async function purgeVersion(context: PurgeContext, target: QueueTarget): Promise<number> {
  const tag = modelTag(target.model)
  const untilMs = context.now()
  let canceled = 0
  let afterMs = -1
  for (;;) {
    const page = await context.predictions.openBetween(tag, target.version, afterMs, untilMs, pageSize)
    const found = await context.predictions.readMany(page.map(([id]) => id))
    const ended = await cancelWaiting(context, target, found)
    canceled += ended
    if (page.length < pageSize) return canceled
    // Of those that were created in its last millisecond the page may have had only some.
    const [, lastMs] = page[page.length - 1] ?? ['', untilMs]
    afterMs = ended > 0 ? Math.max(afterMs, lastMs - 1) : lastMs
  }
}

async function cancelWaiting(
  context: PurgeContext,
  target: QueueTarget,
  found: readonly (Prediction | null)[],
): Promise<number> {
  const waiting = found.filter((each) => each !== null).filter(({ status }) => status === 'starting')
  const ending = canceledAt(context.now())
  const finishes = waiting.map((prediction) => ({ prediction, ending }))
  // One that a worker claimed meanwhile is fenced, and runs.
  const outcomes = await finishPredictions(context, finishes)
  const ended = waiting.filter((_, i) => outcomes[i] === 'finished')
  await context.queues.remove(target, ended)
  return ended.length
}
