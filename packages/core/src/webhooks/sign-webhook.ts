import { createHmac } from 'node:crypto'
import { decodeWebhookSecret } from './webhook-secret.js'

interface UnsignedWebhook {
  /** The same over all attempts of one event; without a full stop, which separates what is signed. */
  id: string
  /** Of this attempt. */
  timestampSeconds: number
  /** Exactly the bytes that are sent. */
  body: string | Uint8Array
  /** `whsec_…`, more than one while they are rotated. */
  secrets: readonly string[]
}

export type SignedHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>

const idPattern = /^[A-Za-z0-9_-]{1,256}$/

/**
 * The headers of the Standard Webhooks specification, with one `v1` signature for each secret.
 * @throws RangeError when the id or a secret is malformed, or no secret is given.
 */
export function signWebhook({ id, timestampSeconds, body, secrets }: UnsignedWebhook): SignedHeaders {
  if (!idPattern.test(id)) throw new RangeError('The webhook id is malformed')
  if (secrets.length === 0) throw new RangeError('A webhook needs at least one secret')
  const timestamp = String(Math.floor(timestampSeconds))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', decodeWebhookSecret(secret)).update(`${id}.${timestamp}.`)
    return `v1,${hmac.update(body).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
