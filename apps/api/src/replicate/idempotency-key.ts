import { ServiceError } from '@augur/core/errors'
import { fingerprintOf, type IdempotentRequest } from '@augur/core/idempotency'
import type { Context } from 'hono'

const usable = /^[\x20-\x7e]{1,255}$/

/**
 * The request as its `Idempotency-Key` names it; null without one. `body` is what makes two requests the same.
 * @throws ServiceError `invalid_request`
 */
export function idempotencyOf(c: Context, body: string): Omit<IdempotentRequest, 'tenant'> | null {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return null
  if (!usable.test(key)) {
    throw new ServiceError('invalid_request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.')
  }
  return { key, fingerprint: fingerprintOf(c.req.path, body) }
}
