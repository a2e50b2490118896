import type { ApiKey, KeyLimits } from '@augur/core/access/api-key'
import type { OutboundPolicy } from '@augur/core/outbound/check-url'
import { checkWebhookUrl } from '@augur/core/predictions/submit-prediction'
import { webhookEvents } from '@augur/core/webhooks/webhook-events'
import type { z } from '@hono/zod-openapi'
import type { newKeyBody, WireKey } from './schemas.js'

type WireLimits = Pick<z.infer<typeof newKeyBody>, 'max_open_predictions' | 'requests_per_second'>

/** Those limits that are given. */
export function limitsOf({
  max_open_predictions: maxOpen,
  requests_per_second: requestsPerSecond,
}: WireLimits): Partial<KeyLimits> {
  return {
    ...(maxOpen !== undefined && { maxOpen }),
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
  }
}

type WireWebhook = Pick<z.infer<typeof newKeyBody>, 'webhook' | 'webhook_events_filter'>

/**
 * The default webhook, if one is given.
 * @throws ServiceError `url_not_allowed`
 */
export function webhookOfKey(
  policy: OutboundPolicy,
  { webhook: url, webhook_events_filter: events = [...webhookEvents] }: WireWebhook,
): Partial<Pick<ApiKey, 'webhook'>> {
  if (url === undefined) return {}
  if (url !== null) checkWebhookUrl(policy, url)
  return { webhook: url === null ? null : { url, events } }
}

const isoOf = (timeMs: number | null) => (timeMs === null ? null : new Date(timeMs).toISOString())

/** Field by field, so that what is stored beside them stays where it is. */
export function presentKey(key: ApiKey): WireKey {
  return {
    id: key.id,
    name: key.name,
    tenant: key.tenant,
    scopes: [...key.scopes],
    max_open_predictions: key.maxOpen,
    requests_per_second: key.requestsPerSecond,
    webhook: key.webhook?.url ?? null,
    webhook_events_filter: key.webhook === null ? null : [...key.webhook.events],
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: isoOf(key.expiresAt),
    retires_at: isoOf(key.retiresAt),
    revoked_at: isoOf(key.revokedAt),
  }
}
