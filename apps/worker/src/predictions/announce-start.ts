import type { Payloads } from '@augur/core/payloads/payloads'
import type { Prediction } from '@augur/core/predictions/prediction'
import { renderPrediction } from '@augur/core/predictions/render-prediction'
import type { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import type { Logger } from '@augur/core/telemetry/logger'
import { type Delivery, deliveryId } from '@augur/core/webhooks/delivery'
import type { DeliveryStore } from '@augur/core/webhooks/delivery-store'

export interface StartContext {
  payloads: Payloads
  deliveries: DeliveryQueue
  deliveryStore: DeliveryStore
  publicBaseUrl: string
  logger: Logger
  now(): number
}

/**
 * Sends the webhook event `start` on its way for claimed predictions that want it; a second claim sends none.
 * Never rejects: what tells of a run must not keep it from happening.
 */
export async function announceStart(context: StartContext, claimed: readonly Prediction[]): Promise<void> {
  const wanted = claimed.filter(
    ({ webhook, webhookEvents }) => webhook !== null && webhookEvents.includes('start'),
  )
  try {
    const created = await Promise.all(wanted.map((prediction) => create(context, prediction)))
    await context.deliveries.add(created.filter((id) => id !== null))
  } catch (error) {
    context.logger.warn({ err: error }, 'start could not be announced')
  }
}

async function create(context: StartContext, prediction: Prediction): Promise<string | null> {
  const input = await context.payloads.read(prediction.input).catch(() => null)
  const delivery: Delivery = {
    id: deliveryId(prediction.id, 'start'),
    tenant: prediction.tenant,
    url: prediction.webhook ?? '',
    body: renderPrediction(prediction, { input, output: null, baseUrl: context.publicBaseUrl }),
    after: null,
  }
  const created = await context.deliveryStore.create(delivery, prediction.id, prediction.token, context.now())
  return created ? delivery.id : null
}
