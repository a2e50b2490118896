import type { GuardedAgent } from '../outbound/guarded-agent.js'
import type { Payloads } from '../payloads/payloads.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { DeliveryOutcome } from '../queue/delivery-queue.js'
import { isRedisUnavailable } from '../redis/connection.js'
import { UnsealError } from '../sealing.js'
import type { Metrics } from '../telemetry/metrics.js'
import { spanFields } from '../telemetry/trace-fields.js'
import type { Span, SpanEnd } from '../telemetry/tracing.js'
import type { SparingLog } from '../telemetry/sparing-log.js'
import type { DeadLetters } from './dead-letters.js'
import {
  type DeliveryAttempt,
  type DeliveryEnd,
  type DeliveryHold,
  isInterimDelivery,
  predictionOfDelivery,
  webhookIdOf,
} from './delivery.js'
import type { DeliveryStore, StoredDelivery } from './delivery-store.js'
import { deleteBodies, readBody } from './keep-body.js'
import type { ReceiverOutcome, Receivers } from './receivers.js'
import { nextAttemptDelayMs } from './retry-schedule.js'
import { sendWebhook, type WebhookOutcome } from './send-webhook.js'

export interface DeliverContext {
  deliveries: DeliveryStore
  deadLetters: Pick<DeadLetters, 'add'>
  payloads: Pick<Payloads, 'read' | 'delete'>
  predictions: PredictionStore
  receivers: Receivers
  agent: GuardedAgent
  secretsOf(tenant: string): Promise<readonly string[]>
  /** A receiver answered 410, for a webhook that may have been a default of whoever created the prediction. */
  onGone(delivery: string, url: string): Promise<void>
  retryDelaysMs: readonly number[]
  /** Left out where nothing is traced. */
  traceAttempt?(delivery: string, url: string): Promise<Span | null>
  metrics: Metrics
  log: Pick<SparingLog, 'warn'>
  now(): number
}

/** When `completed` looks again whether `start` has had its first attempt: the longer it waits, the less often. */
const turnDelayMs = (ageMs: number) => Math.min(5000, Math.max(25, ageMs / 4))
/** When it is looked again whether a fault of ours is mended. */
const heldDelayMs = (ageMs: number) => Math.min(10 * 60_000, Math.max(5000, ageMs / 4))

/** It was not tried, by a fault of ours: that is no attempt, and none that its receiver has to answer for. */
interface Held {
  kind: 'held'
  by: DeliveryHold
  error: unknown
}

/** With where the attempt is traced, if it is. */
type Traced<T> = T & { traceparent?: string | undefined }

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
  return outcome.kind === 'held' ? hold(context, found, outcome, ageMs) : settle(context, found, outcome)
}

/** What is alive or dead as a whole: of one tenant, so that nobody's URL pauses somebody else's deliveries. */
function receiverOf({ delivery: { tenant, url } }: StoredDelivery): string {
  return `${tenant} ${originOf(url)}`
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : '')

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
  { payloads, agent, secretsOf, traceAttempt, now }: DeliverContext,
  { delivery }: StoredDelivery,
  leave: (outcome: ReceiverOutcome) => void,
): Promise<Traced<WebhookOutcome | Held>> {
  const { id, tenant, url } = delivery
  let health: ReceiverOutcome = 'neither'
  let span: Span | null | undefined
  try {
    const body = await readBody(payloads, delivery)
    span = await traceAttempt?.(id, url)
    const outcome = await sendWebhook(
      { agent, secrets: await secretsOf(tenant), now },
      { id: webhookIdOf(id), url, body, contentType: 'application/json', traceparent: span?.traceparent },
    )
    health = healthAfter(outcome)
    span?.end(asSpanEnd(outcome))
    return span ? { ...outcome, traceparent: span.traceparent } : outcome
  } catch (error) {
    span?.end({ error: 'not tried' })
    if (isRedisUnavailable(error)) throw error
    const by = error instanceof UnsealError ? 'signing_secret' : 'internal_error'
    return { kind: 'held', by, error, traceparent: span?.traceparent }
  } finally {
    leave(health)
  }
}

function asSpanEnd(outcome: WebhookOutcome): SpanEnd {
  if (outcome.kind === 'failed') return { error: outcome.reason }
  const attributes = { 'http.response.status_code': outcome.status }
  return outcome.kind === 'refused' ? { attributes, error: `status ${outcome.status}` } : { attributes }
}

/** A URL that may not be dialled says nothing of a receiver. */
function healthAfter(outcome: WebhookOutcome): ReceiverOutcome {
  if (outcome.kind === 'failed') return outcome.reason === 'blocked_address' ? 'neither' : 'struggling'
  return outcome.status === 429 || outcome.status >= 500 ? 'struggling' : 'answered'
}

/** Says so in the log and in the delivery, which waits until the fault is mended. A test tells of it at once. */
async function hold(
  context: DeliverContext,
  { delivery: { id, tenant }, isOnce }: StoredDelivery,
  { by, error, traceparent }: Traced<Held>,
  ageMs: number,
): Promise<DeliveryOutcome> {
  const { deliveries, log, now } = context
  const delayMs = heldDelayMs(ageMs)
  const ids = { tenant, delivery: id, ...spanFields(traceparent) }
  log.warn(`held ${tenant}`, { err: error, ...ids, heldBy: by }, 'webhooks cannot be sent')
  if (isOnce) {
    const attempt = {
      at: now(),
      outcome: 'failed',
      status: null,
      reason: by,
      durationMs: 0,
      answer: '',
    } as const
    return end(context, id, 'exhausted', attempt)
  }
  await deliveries.hold(id, by, now() + delayMs)
  return { kind: 'later', delayMs }
}

async function settle(
  context: DeliverContext,
  found: StoredDelivery,
  outcome: Traced<WebhookOutcome>,
): Promise<DeliveryOutcome> {
  const { delivery, attempts, isOnce } = found
  const { id, tenant, url } = delivery
  const attempt = attemptOf(outcome, context.now())
  if (outcome.kind === 'gone') await context.onGone(id, url)
  if (outcome.kind === 'delivered' || outcome.kind === 'gone') return end(context, id, outcome.kind, attempt)
  const { status, reason } = attempt
  const delayMs = isOnce ? null : nextDelayMs(context, attempts + 1, outcome)
  const ids = { delivery: id, ...spanFields(outcome.traceparent) }
  const failure = { ...ids, attempt: attempts + 1, reason, status, delayMs }
  context.log.warn(`failed ${tenant} ${originOf(url)}`, failure, 'webhook not delivered')
  if (delayMs === null) return giveUp(context, found, attempt)
  await context.deliveries.recordAttempt(id, attempt, context.now() + delayMs)
  return { kind: 'again', delayMs }
}

/**
 * A dead letter before its end is written, so that a crash between the two leaves nothing that is not found; and after it,
 * as whoever replays dead letters meanwhile takes one out that has not ended.
 */
async function giveUp(
  context: DeliverContext,
  { delivery: { id, tenant }, isOnce }: StoredDelivery,
  attempt: DeliveryAttempt,
): Promise<DeliveryOutcome> {
  const nowMs = context.now()
  if (!isOnce) await context.deadLetters.add(tenant, id, nowMs)
  const ended = await end(context, id, 'exhausted', attempt)
  if (!isOnce) await context.deadLetters.add(tenant, id, nowMs)
  return ended
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
  const bodyKey = await context.deliveries.end(id, state, attempt)
  if (bodyKey !== null) await deleteBodies(context.payloads, [{ bodyKey }])
  return { kind: 'ended' }
}
