import {
  type Delivery,
  type DeliveryAttempt,
  deliveryHolds,
  deliveryStates,
  type DeliveryState,
  type DeliveryView,
} from './delivery.js'

/** Those before them are forgotten. */
export const mostAttemptsKept = 20
const shortAnswerLength = 1000

/** As scripts take it: the attempt with the beginning of its answer, and the answer. */
export function encodeAttempt(attempt: DeliveryAttempt): [json: string, answer: string] {
  const { at, outcome, status, reason, durationMs, answer } = attempt
  const beginning = answer.slice(0, shortAnswerLength)
  const stored: StoredAttempt = [at, outcome, status, reason, Math.round(durationMs), beginning]
  return [JSON.stringify(stored), answer.length > beginning.length ? answer : '']
}

type StoredAttempt = [
  at: number,
  outcome: DeliveryAttempt['outcome'],
  status: number | null,
  reason: string | null,
  durationMs: number,
  answer: string,
]

function decodeAttempt(json: string): DeliveryAttempt {
  // Written by `encodeAttempt`, and by nobody else.
  const stored: StoredAttempt = JSON.parse(json)
  const [at, outcome, status, reason, durationMs, answer] = stored
  return { at, outcome, status, reason, durationMs, answer }
}

export function decodeState(text: string | null | undefined): DeliveryState | null {
  return deliveryStates.find((state) => state === text) ?? null
}

/** Null when the fields are those of no delivery. */
export function decodeView(id: string, fields: Record<string, string>): DeliveryView | null {
  const state = decodeState(fields.state)
  const { tenant, url, answer } = fields
  if (state === null || tenant === undefined || url === undefined) return null
  const attempts = Number(fields.attempts ?? 0)
  const newest: DeliveryAttempt[] = []
  for (let number = Math.max(1, attempts - mostAttemptsKept + 1); number <= attempts; number++) {
    const json = fields[`attempt:${number}`]
    if (json !== undefined) newest.push(decodeAttempt(json))
  }
  const last = newest.at(-1)
  if (last && answer) last.answer = answer
  const nextAttemptAt = state === 'pending' && fields.next_at !== undefined ? Number(fields.next_at) : null
  const heldBy = deliveryHolds.find((hold) => hold === fields.held_by) ?? null
  const createdAt = Number(fields.created_at)
  return { id, tenant, url, state, createdAt, attempts, nextAttemptAt, heldBy, newest }
}

/** The field of a delivery that holds its body, or where that is kept, and its value. */
export function bodyField({ body, bodyKey }: Pick<Delivery, 'body' | 'bodyKey'>): [string, string] {
  return bodyKey === undefined ? ['body', body] : ['body_key', bodyKey]
}
