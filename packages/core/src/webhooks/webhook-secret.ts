import { hkdfSync } from 'node:crypto'

const prefix = 'whsec_'
// Clients decode strictly, and take what follows the last underscore: the standard alphabet, padded.
const secretPattern = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The signing secret of a tenant: `whsec_` and 32 bytes in padded base64, always the same for one master key. */
export function deriveWebhookSecret(masterKey: Uint8Array, tenant: string): string {
  const key = hkdfSync('sha256', masterKey, '', `augur webhook secret ${tenant}`, 32)
  return prefix + Buffer.from(key).toString('base64')
}

/** `deriveWebhookSecret` for one master key, remembering the last `maxTenants` tenants. */
export function createSecretDeriver(masterKey: Uint8Array, maxTenants = 10_000): (tenant: string) => string {
  const secrets = new Map<string, string>()
  return (tenant) => {
    const known = secrets.get(tenant)
    if (known !== undefined) return known
    const secret = deriveWebhookSecret(masterKey, tenant)
    const oldest = secrets.size >= maxTenants ? secrets.keys().next().value : undefined
    if (oldest !== undefined) secrets.delete(oldest)
    secrets.set(tenant, secret)
    return secret
  }
}

/**
 * The key bytes of a `whsec_` secret.
 * @throws RangeError when it is not 24 to 64 bytes in padded standard base64 after `whsec_`.
 */
export function decodeWebhookSecret(secret: string): Buffer {
  const key = secretPattern.test(secret) ? Buffer.from(secret.slice(prefix.length), 'base64') : null
  if (key === null || key.length < 24 || key.length > 64)
    throw new RangeError('The webhook secret is malformed')
  return key
}
