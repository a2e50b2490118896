/** What a prediction tells its webhook, as the contract lists it; `logs` happen before `output`. */
export const webhookEvents = ['start', 'output', 'logs', 'completed'] as const

export type WebhookEvent = (typeof webhookEvents)[number]

export function isWebhookEvent(text: string): text is WebhookEvent {
  return webhookEvents.some((event) => event === text)
}

/** Sent when a request names no `webhook_events_filter`: all, the superset of what clients of the contract expect. */
export const defaultWebhookEvents: readonly WebhookEvent[] = webhookEvents
