import { ServiceError } from '@augur/core/errors'
import { fingerprintOf, type IdempotentRequest } from '@augur/core/idempotency'
import type { Context } from 'hono'

const usable = /^[\x20-\x7e]{1,255}$/
/** A string as structured fields write it (RFC 9651): the draft of the header wants one, few clients send one. */
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/

/**
 * The request as its `Idempotency-Key` names it; null without one. `textOf` gives what makes two requests the same,
 * beside their path and query; it is asked for only where there is a key.
 * @throws ServiceError `invalid_request`
 */
export function idempotencyOf(c: Context, textOf: () => string): Omit<IdempotentRequest, 'tenant'> | null {
  const given = c.req.header('idempotency-key')
  if (given === undefined) return null
  const [, inner] = quoted.exec(given) ?? []
  const key = inner?.replaceAll(/\\(.)/g, '$1') ?? given
  if (!usable.test(key)) {
    throw new ServiceError('invalid_request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.')
  }
  const [, query = ''] = c.req.url.split('?', 2)
  return { key, fingerprint: fingerprintOf(c.req.path, query, textOf()) }
}
