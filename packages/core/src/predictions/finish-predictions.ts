import { tagOfId } from '../ids.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { armOutcomeOf } from '../rollouts/arm-outcome.js'
import { endingDeliveries, type EndingDeliveriesContext } from '../webhooks/ending-deliveries.js'
import { deleteBodies } from '../webhooks/keep-body.js'
import { announceDeliveries, shareDeliveryJobs } from '../webhooks/share-delivery-jobs.js'
import { type Ending, isTerminal, type Prediction } from './prediction.js'
import type { FinishOutcome, PredictionStore } from './prediction-store.js'

export interface FinishContext extends EndingDeliveriesContext {
  predictions: PredictionStore
  deliveries: DeliveryQueue
  openPredictions: Pick<OpenPredictions, 'remove' | 'restore'>
}

/**
 * Ends predictions of one version, each as its caller last read it, and sends their webhooks on their way.
 * Deliveries are written with the transition, so a crash before they are announced loses nothing: the reconciler
 * announces what was left.
 */
export async function finishPredictions(
  context: FinishContext,
  finishes: readonly { prediction: Prediction; ending: Ending }[],
): Promise<FinishOutcome[]> {
  const [first] = finishes
  if (!first) return []
  const prepared = await Promise.all(
    finishes.map(async ({ prediction, ending }) => ({
      prediction,
      ending,
      deliveries: await endingDeliveries(context, prediction, ending),
      outcome: armOutcomeOf(prediction, ending),
    })),
  )
  shareDeliveryJobs(prepared.flatMap(({ deliveries }) => deliveries))
  const { id, version } = first.prediction
  const finishing = finishes.map(({ prediction }) => prediction)
  const outcomes = await makingRoom(context, finishing, () =>
    context.predictions.finish(tagOfId(id), version, prepared),
  )
  const announced = prepared.flatMap(({ deliveries }, i) => (isOver(outcomes[i]) ? deliveries : []))
  // Those that came too late. Where it had `ended` the deliveries there may be our own: the sweep tells.
  const unwanted = prepared.flatMap(({ deliveries }, i) => (isOver(outcomes[i]) ? [] : deliveries))
  await Promise.all([
    announceDeliveries(context.deliveries, announced),
    deleteBodies(context.payloads, unwanted),
  ])
  return outcomes
}

/**
 * Gives the places of open predictions back before their end and in the same write, since who learns of the end may
 * submit the next one at once. What did not end gets its place again.
 */
async function makingRoom(
  context: FinishContext,
  finishing: readonly Prediction[],
  finish: () => Promise<FinishOutcome[]>,
): Promise<FinishOutcome[]> {
  const [removed, finished] = await Promise.allSettled([context.openPredictions.remove(finishing), finish()])
  const isOpen = (i: number) => finished.status === 'rejected' || finished.value[i] === 'fenced'
  const open = finishing.filter((_, i) => isOpen(i))
  const ofKeys = removed.status === 'fulfilled' ? removed.value : []
  // Best effort, like the removal: the recount mends what is not right then.
  if (open.length > 0) await giveBack(context, open, ofKeys).catch(() => {})
  if (finished.status === 'rejected') throw finished.reason
  return finished.value
}

/** Somebody else may end one in between, before its place is there again: that place is taken away once more. */
async function giveBack(
  { openPredictions, predictions }: FinishContext,
  open: readonly Prediction[],
  ofKeys: Awaited<ReturnType<OpenPredictions['remove']>>,
): Promise<void> {
  await openPredictions.restore(open, ofKeys)
  const heads = await predictions.readHeads(open.map(({ id }) => id))
  const gone = open.filter((_, i) => heads[i] == null || isTerminal(heads[i].status))
  if (gone.length > 0) await openPredictions.remove(gone)
}

// `ended` may be our own end, when the connection broke before its answer came and the script was sent again.
const isOver = (outcome: FinishOutcome | undefined) => outcome === 'finished' || outcome === 'ended'
