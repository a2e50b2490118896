import { type PredictionId, timeOfId } from '../ids.js'
import { isTerminal } from '../predictions/prediction.js'
import type { QueueTarget } from '../queue/prediction-queues.js'
import type { Progress, Stretch } from './progress.js'
import type { ReconcileContext } from './reconcile-model.js'

const pageSize = 1000

/** Puts open predictions back into their queue when it does not know them any more. Returns how many. */
export async function requeueLost(
  context: ReconcileContext,
  progress: Progress,
  target: QueueTarget,
  untilMs: number,
): Promise<number> {
  let requeued = 0
  for (const stretch of await progress.stretches(`open:${target.version}`, untilMs)) {
    const ids = await openIds(context, target, stretch)
    requeued += await requeueMissing(context, target, ids)
    await progress.advance(stretch, ids.length === pageSize ? timeOfId(ids.at(-1) ?? '') : null)
  }
  return requeued
}

async function openIds(context: ReconcileContext, { version }: QueueTarget, { afterMs, untilMs }: Stretch) {
  return context.predictions.openBetween(context.tag, version, afterMs, untilMs, pageSize)
}

async function requeueMissing(
  context: ReconcileContext,
  target: QueueTarget,
  ids: PredictionId[],
): Promise<number> {
  const seen = (await context.predictions.readMany(ids)).filter((prediction) => prediction !== null)
  const known = await context.queues.has(target, seen)
  let requeued = 0
  for (const [i, { id }] of seen.entries()) {
    if (known[i] === true) continue
    // Read again: a job that is gone now may have ended its prediction since the first read.
    if (await requeue(context, target, id)) requeued++
  }
  return requeued
}

/** Gives an open prediction a new job under the next epoch, which makes any older job of it void. */
export async function requeue(
  context: ReconcileContext,
  target: QueueTarget,
  id: PredictionId,
): Promise<boolean> {
  const prediction = await context.predictions.read(id)
  if (!prediction || isTerminal(prediction.status)) return false
  const [known] = await context.queues.has(target, [prediction])
  if (known || !(await context.predictions.advanceEpoch(id, prediction.epoch))) return false
  await context.queues.add(target, [{ id, epoch: prediction.epoch + 1, class: prediction.class }])
  return true
}
