import type { Tickets } from '@augur/core/access/tickets'
import type { Payloads } from '@augur/core/payloads/payloads'
import type { JsonText, Prediction } from '@augur/core/predictions/prediction'
import { renderPrediction } from '@augur/core/predictions/render-prediction'
import type { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import type { Logger } from '@augur/core/telemetry/logger'
import { traceFields } from '@augur/core/telemetry/trace-fields'
import { type Delivery, deliveryId } from '@augur/core/webhooks/delivery'
import type { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { deleteBodies, keepBody } from '@augur/core/webhooks/keep-body'

export interface StartContext {
  deliveries: DeliveryQueue
  deliveryStore: DeliveryStore
  payloads: Pick<Payloads, 'keepBody' | 'delete'>
  publicBaseUrl: string
  tickets: Pick<Tickets, 'issue'>
  logger: Logger
  now(): number
}

/** A prediction that begins, with its input as its caller gave it. */
export interface Started {
  prediction: Prediction
  given: JsonText
}

/**
 * Sends the webhook event `start` on its way for claimed predictions that want it; a second claim sends none.
 * Never rejects: what tells of a run must not keep it from happening.
 */
export async function announceStart(context: StartContext, started: readonly Started[]): Promise<void> {
  const wanted = started.filter(
    ({ prediction: { webhook, webhookEvents } }) => webhook !== null && webhookEvents.includes('start'),
  )
  try {
    const created = await Promise.all(wanted.map((each) => create(context, each)))
    await context.deliveries.add(created.filter((id) => id !== null))
  } catch (error) {
    const ids = wanted.map(({ prediction: { id, traceparent } }) => ({
      prediction: id,
      ...traceFields(traceparent),
    }))
    context.logger.warn({ err: error, predictions: ids }, 'start could not be announced')
  }
}

async function create(context: StartContext, { prediction, given }: Started): Promise<string | null> {
  const { publicBaseUrl: baseUrl, tickets, payloads } = context
  const id = deliveryId(prediction.id, 'start')
  const text = renderPrediction(prediction, { input: given, output: null, baseUrl, tickets })
  const delivery: Delivery = {
    id,
    tenant: prediction.tenant,
    url: prediction.webhook ?? '',
    ...(await keepBody(payloads, id, text)),
    after: null,
  }
  const created = await context.deliveryStore.create(delivery, prediction.id, prediction.token, context.now())
  if (!created) await deleteBodies(payloads, [delivery])
  return created ? id : null
}
