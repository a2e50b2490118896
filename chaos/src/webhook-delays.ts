import type { History } from './history/history.js'

/** For each end that was to be told, and was: how long after it that was, in milliseconds. */
export function webhookDelays(history: History): number[] {
  return [...history.webhooks].flatMap(([id, [first]]) => {
    const completedAt = history.endOf(id)?.completedAt
    return first && history.accepted.get(id)?.hasWebhook && completedAt != null
      ? [first.at - completedAt]
      : []
  })
}
