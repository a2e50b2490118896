import { randomBytes } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

const acceptable = /^[A-Za-z0-9._-]{1,64}$/

/** Gives a request its id, the caller's own where it sent a usable one, and notes when it came. */
export function requestContext(): MiddlewareHandler<ApiEnv> {
  const processId = randomBytes(6).toString('hex')
  let count = 0
  return (c, next) => {
    const given = c.req.header('x-request-id')
    const id =
      given !== undefined && acceptable.test(given) ? given : `${processId}-${(++count).toString(36)}`
    c.set('requestId', id)
    c.set('startedAt', performance.now())
    return next()
  }
}
