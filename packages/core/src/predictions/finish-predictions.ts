import { tagOfId } from '../ids.js'
import type { Payloads } from '../payloads/payloads.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { type Delivery, deliveryId } from '../webhooks/delivery.js'
import { type Ending, ended, type JsonText, type Payload, type Prediction } from './prediction.js'
import type { FinishOutcome, PredictionStore } from './prediction-store.js'
import { renderPrediction } from './render-prediction.js'

export interface FinishContext {
  predictions: PredictionStore
  payloads: Payloads
  deliveries: DeliveryQueue
  openPredictions: Pick<OpenPredictions, 'add' | 'remove'>
  /** Root of the predictions dialect, as receivers of webhooks reach it. */
  publicBaseUrl: string
}

/** What cannot be read must not keep a prediction, or those that end with it, from ending. */
async function readOrNull({ payloads }: FinishContext, payload: Payload | null): Promise<JsonText | null> {
  return payloads.read(payload).catch(() => null)
}

async function deliveryOf(
  context: FinishContext,
  before: Prediction,
  ending: Ending,
): Promise<Delivery | null> {
  if (before.webhook === null || !before.webhookEvents.includes('completed')) return null
  const prediction = ended(before, ending)
  const [input, output] = await Promise.all([
    readOrNull(context, prediction.input),
    readOrNull(context, prediction.output),
  ])
  const body = renderPrediction(prediction, { input, output, baseUrl: context.publicBaseUrl })
  return {
    id: deliveryId(prediction.id, 'completed'),
    tenant: prediction.tenant,
    url: before.webhook,
    body,
    after: before.webhookEvents.includes('start') ? deliveryId(prediction.id, 'start') : null,
  }
}

/**
 * Ends predictions of one version, each as its caller last read it, and sends their webhooks on their way.
 * The delivery is written with the transition, so a crash before it is announced loses nothing: the reconciler
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
      delivery: await deliveryOf(context, prediction, ending),
    })),
  )
  const { id, version } = first.prediction
  const finishing = finishes.map(({ prediction }) => prediction)
  // Before the end and in the same write: who learns of the end may submit the next one at once.
  const [, outcomes] = await Promise.all([
    context.openPredictions.remove(finishing),
    context.predictions.finish(tagOfId(id), version, prepared),
  ])
  const fenced = finishing.filter((_, i) => outcomes[i] === 'fenced')
  await Promise.all(fenced.map((prediction) => context.openPredictions.add(prediction)))
  const announced = prepared.flatMap(({ delivery }, i) =>
    delivery && isOver(outcomes[i]) ? [delivery.id] : [],
  )
  await context.deliveries.add(announced)
  return outcomes
}

// `ended` may be our own end, when the connection broke before its answer came and the script was sent again.
const isOver = (outcome: FinishOutcome | undefined) => outcome === 'finished' || outcome === 'ended'
