import { columns } from '../columns.js'
import type { ShownDelivery } from './deliveries-api.js'

const second = (time: string) => time.slice(0, 19).replace('T', ' ')
const mostOfAnswer = 200

/** What came of the newest attempt, or why there is none. */
function newest({ attempts, held_by: heldBy }: ShownDelivery): string {
  const last = attempts.at(-1)
  if (heldBy !== null) return `held: ${heldBy}`
  return last ? String(last.status ?? last.reason ?? last.outcome) : '-'
}

/** A table for a terminal, one delivery a line. */
export function deliveryTable(deliveries: readonly ShownDelivery[]): string {
  if (deliveries.length === 0) return 'There are none.'
  return columns([
    ['ID', 'STATE', 'ATTEMPTS', 'NEWEST', 'CREATED', 'RECEIVER'],
    ...deliveries.map((delivery) => [
      delivery.id,
      delivery.state,
      String(delivery.attempts_made),
      newest(delivery),
      second(delivery.created_at),
      delivery.webhook,
    ]),
  ])
}

/** What comes from others must not move a terminal's cursor. */
const printable = (text: string) => text.replaceAll(/\p{Cc}+/gu, ' ').trim()

/** One delivery with its attempts. */
export function presentDelivery(delivery: ShownDelivery): string {
  const { id, state, webhook, webhook_id: webhookId, held_by: heldBy, attempts_made: made } = delivery
  const { next_attempt_at: next, attempts } = delivery
  const lines = [`${id}: ${state}`, `to ${webhook} as ${webhookId}, created ${second(delivery.created_at)}`]
  if (heldBy !== null) lines.push(`held by ${heldBy}: nothing is sent before that is mended on the server`)
  if (next !== null) lines.push(`next attempt ${second(next)}`)
  lines.push(`${made} ${made === 1 ? 'attempt' : 'attempts'}${made > 0 ? ':' : ''}`)
  for (const { at, outcome, status, reason, duration_ms: ms, answer } of attempts) {
    const what = [outcome, status, reason === 'status' ? null : reason]
      .filter((word) => word !== null)
      .join(' ')
    lines.push(`  ${second(at)}  ${what} (${ms} ms)  ${printable(answer.slice(0, mostOfAnswer))}`.trimEnd())
  }
  return lines.join('\n')
}
