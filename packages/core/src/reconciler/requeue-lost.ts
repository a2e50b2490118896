import type { PredictionId } from '../ids.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionHead } from '../predictions/prediction-record.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { pageSize, type Progress } from './progress.js'
import type { ReconcileContext } from './reconcile-model.js'

/** Puts open predictions back into their queue when it does not know them any more. Returns how many. */
export async function requeueLost(
  context: ReconcileContext,
  progress: Progress,
  target: QueueTarget,
  untilMs: number,
): Promise<number> {
  let requeued = 0
  await progress.walk(`open:${target.version}`, untilMs, async (afterMs, until) => {
    const page = await context.predictions.openBetween(context.tag, target.version, afterMs, until, pageSize)
    const ids = page.map(([id]) => id)
    requeued += await requeueMissing(context, target, ids)
    return page.map(([, createdAt]) => createdAt)
  })
  return requeued
}

async function requeueMissing(
  context: ReconcileContext,
  target: QueueTarget,
  ids: readonly PredictionId[],
): Promise<number> {
  const seen = (await context.predictions.readHeads(ids)).filter((head) => head !== null)
  const known = await context.queues.has(target, seen)
  let requeued = 0
  for (const [i, { id }] of seen.entries()) {
    if (known[i] === true) continue
    // Read again: a job that is gone now may have ended its prediction since the first read.
    const [head] = await context.predictions.readHeads([id])
    const [knownNow] = head ? await context.queues.has(target, [head]) : [true]
    if (head && !knownNow && (await giveNewJob(context, target, head))) requeued++
  }
  return requeued
}

/** Gives an open prediction a job under the next epoch, which makes any older job of it void. */
export async function giveNewJob(
  context: ReconcileContext,
  target: QueueTarget,
  { id, status, epoch, class: predictionClass, remote }: PredictionHead,
): Promise<boolean> {
  if (isTerminal(status) || !(await context.predictions.advanceEpoch(id, epoch))) return false
  // It has waited already, and where it stood is not known any more.
  const turn = await context.queues.frontTurn(target)
  await context.queues.add(target, [
    { id, epoch: epoch + 1, class: predictionClass, turn, ...(remote && { remote }) },
  ])
  return true
}
