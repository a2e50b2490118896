import { newPredictionId, type ModelTag, type PredictionId } from '../ids.js'
import type { WebhookEvent } from './webhook-events.js'

/** One webhook event on its way to one receiver. */
export interface Delivery {
  /** `<prediction id>.<event>`: an event is delivered once, however often it is announced. */
  id: string
  tenant: string
  url: string
  /** JSON text, frozen when the event happened; empty where the payload store keeps it. */
  body: string
  /** Under which key that keeps it; left out where it is kept here. */
  bodyKey?: string
  /** The delivery whose first attempt comes before this one's, if that is still to be made. */
  after: string | null
  /** The name of the job that it shares with others until it is given one of its own. */
  sharedJob?: string
}

/** `delivered`: the receiver took it. `gone`: it answered 410. `exhausted`: no attempt is left. `dropped`: out of date. */
export const deliveryEnds = ['delivered', 'gone', 'exhausted', 'dropped'] as const
export type DeliveryEnd = (typeof deliveryEnds)[number]
export const deliveryStates = ['pending', ...deliveryEnds] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** One attempt to deliver, and what the receiver had to say. */
export interface DeliveryAttempt {
  /** Milliseconds since 1970. */
  at: number
  outcome: 'delivered' | 'gone' | 'refused' | 'failed'
  /** Of the answer; null where there was none. */
  status: number | null
  /** Why it counts as failed: `status`, `redirect`, or what was wrong with the connection. */
  reason: string | null
  durationMs: number
  /** What its answer began with: 20 kB of the newest attempt's, 1,000 characters of those before it. */
  answer: string
}

/** By which fault of ours a delivery is not tried: its secrets were sealed under another master key, or anything else. */
export const deliveryHolds = ['signing_secret', 'internal_error'] as const
export type DeliveryHold = (typeof deliveryHolds)[number]

/** A delivery as its tenant is shown it. */
export interface DeliveryView {
  id: string
  tenant: string
  url: string
  state: DeliveryState
  createdAt: number
  attempts: number
  /** When the next one is due; null where none is, or at once. */
  nextAttemptAt: number | null
  /** What keeps it from being tried at all; null where nothing does. */
  heldBy: DeliveryHold | null
  /** The newest ones, in order. */
  newest: DeliveryAttempt[]
}

export function deliveryId(prediction: PredictionId, event: WebhookEvent): string {
  return `${prediction}.${event}`
}

/** Of an event that no prediction has, such as a test. */
export function ownDeliveryId(tag: ModelTag, event: string, nowMs: number): string {
  return `${newPredictionId(tag, nowMs)}.${event}`
}

/** Events that no prediction and no batch has. */
export const ownEvents = ['test', 'rollout-stopped'] as const

export function predictionOfDelivery(id: string): PredictionId {
  return id.slice(0, id.indexOf('.'))
}

export function eventOfDelivery(id: string): string {
  return id.slice(id.indexOf('.') + 1)
}

/** Whether the event tells of something on the way of a prediction, which is only worth telling before its end. */
export function isInterimDelivery(id: string): boolean {
  return interimEvents.has(eventOfDelivery(id))
}

const interimEvents: ReadonlySet<string> = new Set<WebhookEvent>(['start', 'output', 'logs'])

/** The `webhook-id` header: the same over all attempts, without a full stop (the signature joins with those). */
export function webhookIdOf(delivery: string): string {
  return `msg_${delivery.replaceAll('.', '_')}`
}
