import type { GuardedAgent } from '../outbound/guarded-agent.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { DeliveryOutcome } from '../queue/delivery-queue.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { DeadLetters } from './dead-letters.js'
import {
  type DeliveryAttempt,
  type DeliveryEnd,
  isInterimDelivery,
  predictionOfDelivery,
  webhookIdOf,
} from './delivery.js'
import type { DeliveryStore, StoredDelivery } from './delivery-store.js'
import type { ReceiverOutcome, Receivers } from './receivers.js'
import { nextAttemptDelayMs } from './retry-schedule.js'
import { sendWebhook, type WebhookOutcome } from './send-webhook.js'

export interface DeliverContext {
  deliveries: DeliveryStore
  deadLetters: Pick<DeadLetters, 'add'>
  predictions: PredictionStore
  receivers: Receivers
  agent: GuardedAgent
  secretsOf(tenant: string): Promise<readonly string[]>
  /** A receiver answered 410, for a webhook that may have been a default of whoever created the prediction. */
  onGone(delivery: string, url: string): Promise<void>
  retryDelaysMs: readonly number[]
  metrics: Metrics
  logger: Logger
  now(): number
}

/** When `completed` looks again whether `start` has had its first attempt: the longer it waits, the less often. */
const turnDelayMs = (ageMs: number) => Math.min(5000, Math.max(25, ageMs / 4))

/**
 * Makes one attempt to deliver, if it is its turn. Interim events come before `completed` or not at all: the first
 * attempt of `start` is awaited, and once the prediction ended it is not tried again.
 */
export async function deliverWebhook(
  context: DeliverContext,
  id: string,
  ageMs: number,
): Promise<DeliveryOutcome> {
  const found = await context.deliveries.read(id)
  if (!found?.pending) return { kind: 'ended' }
  const receiver = receiverOf(found)
  const delayMs = await untilItsTurnMs(context, receiver, found, ageMs)
  if (delayMs > 0) return { kind: 'later', delayMs }
  if (found.attempts > 0 && (await isOutOfDate(context, id))) return end(context, id, 'dropped', null)
  const entry = await context.receivers.enter(receiver)
  if (entry.kind === 'later') return entry
  const outcome = await send(context, found, entry.leave)
  context.metrics.deliveries.inc({ outcome: outcome.kind })
  return settle(context, found, outcome)
}

/** What is alive or dead as a whole: of one tenant, so that nobody's URL pauses somebody else's deliveries. */
function receiverOf({ delivery: { tenant, url } }: StoredDelivery): string {
  return `${tenant} ${URL.canParse(url) ? new URL(url).origin : ''}`
}

async function untilItsTurnMs(
  { deliveries, receivers, now }: DeliverContext,
  receiver: string,
  { delivery: { after }, nextAt }: StoredDelivery,
  ageMs: number,
): Promise<number> {
  const dueInMs = nextAt - now()
  if (dueInMs > 0) return dueInMs
  const pausedMs = receivers.pausedMs(receiver)
  if (pausedMs > 0) return pausedMs
  return after !== null && (await deliveries.isUnsent(after)) ? turnDelayMs(ageMs) : 0
}

/** Whether it tells of something on the way to an end that has come meanwhile. */
async function isOutOfDate(context: DeliverContext, id: string): Promise<boolean> {
  if (!isInterimDelivery(id)) return false
  const prediction = await context.predictions.read(predictionOfDelivery(id))
  return prediction === null || isTerminal(prediction.status)
}

async function send(
  { agent, secretsOf, now }: DeliverContext,
  { delivery: { id, tenant, url, body } }: StoredDelivery,
  leave: (outcome: ReceiverOutcome) => void,
): Promise<WebhookOutcome> {
  let health: ReceiverOutcome = 'neither'
  try {
    const outcome = await sendWebhook(
      { agent, secrets: await secretsOf(tenant), now },
      { id: webhookIdOf(id), url, body, contentType: 'application/json' },
    )
    health = healthAfter(outcome)
    return outcome
  } finally {
    leave(health)
  }
}

/** A URL that may not be dialled says nothing of a receiver. */
function healthAfter(outcome: WebhookOutcome): ReceiverOutcome {
  if (outcome.kind === 'failed') return outcome.reason === 'blocked_address' ? 'neither' : 'struggling'
  return outcome.status === 429 || outcome.status >= 500 ? 'struggling' : 'answered'
}

async function settle(
  context: DeliverContext,
  { delivery: { id, tenant, url }, attempts, isOnce }: StoredDelivery,
  outcome: WebhookOutcome,
): Promise<DeliveryOutcome> {
  const attempt = attemptOf(outcome, context.now())
  if (outcome.kind === 'gone') await context.onGone(id, url)
  if (outcome.kind === 'delivered' || outcome.kind === 'gone') return end(context, id, outcome.kind, attempt)
  const { status, reason } = attempt
  const delayMs = isOnce ? null : nextDelayMs(context, attempts + 1, outcome)
  context.logger.warn(
    { delivery: id, attempt: attempts + 1, reason, status, delayMs },
    'webhook not delivered',
  )
  if (delayMs === null) {
    // First, so that a crash between the two leaves nothing that is not found.
    if (!isOnce) await context.deadLetters.add(tenant, id, context.now())
    return end(context, id, 'exhausted', attempt)
  }
  await context.deliveries.recordAttempt(id, attempt, context.now() + delayMs)
  return { kind: 'again', delayMs }
}

function nextDelayMs({ retryDelaysMs, now }: DeliverContext, attempt: number, outcome: WebhookOutcome) {
  const retryAfter = outcome.kind === 'refused' ? outcome.retryAfter : undefined
  return nextAttemptDelayMs(attempt, { delaysMs: retryDelaysMs, retryAfter, now: now() })
}

function attemptOf(outcome: WebhookOutcome, now: number): DeliveryAttempt {
  const { kind, durationMs } = outcome
  const at = Math.round(now - durationMs)
  if (kind === 'failed') {
    return { at, outcome: kind, status: null, reason: outcome.reason, durationMs, answer: '' }
  }
  const reason = kind === 'refused' ? outcome.reason : null
  return { at, outcome: kind, status: outcome.status, reason, durationMs, answer: outcome.bodyExcerpt }
}

async function end(
  context: DeliverContext,
  id: string,
  state: DeliveryEnd,
  attempt: DeliveryAttempt | null,
): Promise<DeliveryOutcome> {
  await context.deliveries.end(id, state, attempt)
  return { kind: 'ended' }
}
