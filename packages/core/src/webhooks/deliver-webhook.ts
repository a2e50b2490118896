import type { GuardedAgent } from '../outbound/guarded-agent.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { DeliveryOutcome } from '../queue/delivery-queue.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import { isFinalDelivery, predictionOfDelivery, webhookIdOf } from './delivery.js'
import type { DeliveryEnd, DeliveryStore } from './delivery-store.js'
import { nextAttemptDelayMs } from './retry-schedule.js'
import { sendWebhook, type WebhookOutcome } from './send-webhook.js'

export interface DeliverContext {
  deliveries: DeliveryStore
  predictions: PredictionStore
  agent: GuardedAgent
  secretsOf(tenant: string): readonly string[]
  retryDelaysMs: readonly number[]
  metrics: Metrics
  logger: Logger
}

/** When `completed` looks again whether `start` has had its first attempt: the longer it waits, the less often. */
const turnDelayMs = (ageMs: number) => Math.min(5000, Math.max(25, ageMs / 4))

/**
 * Makes one attempt to deliver. Interim events come before `completed` or not at all: the first attempt of `start` is
 * awaited, and once the prediction ended it is not tried again.
 */
export async function deliverWebhook(
  context: DeliverContext,
  id: string,
  attempt: number,
  ageMs: number,
): Promise<DeliveryOutcome> {
  const found = await context.deliveries.read(id)
  if (!found?.pending) return { kind: 'ended' }
  const { tenant, url, body, after } = found.delivery
  if (after !== null && (await context.deliveries.isUnsent(after)))
    return { kind: 'later', delayMs: turnDelayMs(ageMs) }
  if (attempt > 1 && (await isOutOfDate(context, id))) return end(context, id, 'dropped', attempt - 1)
  const outcome = await sendWebhook(
    { agent: context.agent, secrets: context.secretsOf(tenant), now: Date.now },
    { id: webhookIdOf(id), url, body, contentType: 'application/json' },
  )
  context.metrics.deliveries.inc({ outcome: outcome.kind })
  return settle(context, id, attempt, outcome)
}

/** Whether it tells of something on the way to an end that has come meanwhile. */
async function isOutOfDate(context: DeliverContext, id: string): Promise<boolean> {
  if (isFinalDelivery(id)) return false
  const prediction = await context.predictions.read(predictionOfDelivery(id))
  return prediction === null || isTerminal(prediction.status)
}

async function settle(
  context: DeliverContext,
  id: string,
  attempt: number,
  outcome: WebhookOutcome,
): Promise<DeliveryOutcome> {
  if (outcome.kind === 'delivered' || outcome.kind === 'gone') return end(context, id, outcome.kind, attempt)
  const retryAfter = outcome.kind === 'refused' ? outcome.retryAfter : undefined
  const delayMs = nextAttemptDelayMs(attempt, {
    delaysMs: context.retryDelaysMs,
    retryAfter,
    now: Date.now(),
  })
  const status = outcome.kind === 'refused' ? outcome.status : undefined
  context.logger.warn(
    { delivery: id, attempt, reason: outcome.reason, status, delayMs },
    'webhook not delivered',
  )
  if (delayMs === null) return end(context, id, 'exhausted', attempt)
  await context.deliveries.recordAttempt(id, attempt)
  return { kind: 'again', delayMs }
}

async function end(
  context: DeliverContext,
  id: string,
  state: DeliveryEnd,
  attempts: number,
): Promise<DeliveryOutcome> {
  await context.deliveries.end(id, state, attempts)
  return { kind: 'ended' }
}
