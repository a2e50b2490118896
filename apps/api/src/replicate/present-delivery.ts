import {
  type DeliveryAttempt,
  type DeliveryView,
  eventOfDelivery,
  predictionOfDelivery,
  webhookIdOf,
} from '@augur/core/webhooks/delivery'
import type { WireDelivery } from './delivery-schemas.js'

const isoOf = (timeMs: number) => new Date(timeMs).toISOString()
const longestAnswer = 20_000
const longestAnswerInList = 1000

export function presentDelivery(view: DeliveryView, answerLength = longestAnswer): WireDelivery {
  return {
    id: view.id,
    event: eventOfDelivery(view.id),
    source: predictionOfDelivery(view.id),
    webhook: view.url,
    webhook_id: webhookIdOf(view.id),
    state: view.state,
    created_at: isoOf(view.createdAt),
    next_attempt_at: view.nextAttemptAt === null ? null : isoOf(view.nextAttemptAt),
    held_by: view.heldBy,
    attempts_made: view.attempts,
    attempts: view.newest.map((attempt) => presentAttempt(attempt, answerLength)),
  }
}

/** As one of many. */
export function presentListed(view: DeliveryView): WireDelivery {
  return presentDelivery(view, longestAnswerInList)
}

function presentAttempt(attempt: DeliveryAttempt, answerLength: number): WireDelivery['attempts'][number] {
  const { at, outcome, status, reason, durationMs, answer } = attempt
  return {
    at: isoOf(at),
    outcome,
    status,
    reason,
    duration_ms: durationMs,
    answer: answer.slice(0, answerLength),
  }
}
