import type { PredictionId } from '../ids.js'
import type { WebhookEvent } from './webhook-events.js'

/** One webhook event on its way to one receiver. */
export interface Delivery {
  /** `<prediction id>.<event>`: an event is delivered once, however often it is announced. */
  id: string
  tenant: string
  url: string
  /** JSON text, frozen when the event happened. */
  body: string
  /** The delivery whose first attempt comes before this one's, if that is still to be made. */
  after: string | null
}

export function deliveryId(prediction: PredictionId, event: WebhookEvent): string {
  return `${prediction}.${event}`
}

export function predictionOfDelivery(id: string): PredictionId {
  return id.slice(0, id.indexOf('.'))
}

/** Whether the event tells of a prediction's end; the others are only worth telling before it. */
export function isFinalDelivery(id: string): boolean {
  return id.endsWith('.completed')
}

/** The `webhook-id` header: the same over all attempts, without a full stop (the signature joins with those). */
export function webhookIdOf(delivery: string): string {
  return `msg_${delivery.replace('.', '_')}`
}
