import { ServiceError } from '@augur/core/errors'
import { type RequestRate, type Taken, windowSeconds } from '@augur/core/quotas/request-rate'
import type { Context, MiddlewareHandler, Next } from 'hono'
import type { ApiEnv } from '../api-app.js'

/**
 * Refuses requests of a key beyond its rate, which is `usualPerSecond` where the key has none of its own, and says how
 * much of it is left: draft-ietf-httpapi-ratelimit-headers-10. Open paths have no caller and no limit.
 */
export function limitRequests(rate: RequestRate, usualPerSecond: number): MiddlewareHandler<ApiEnv> {
  const judge = (c: Context<ApiEnv>, next: Next, perSecond: number, taken: Taken) => {
    const { isAllowed, remaining, resetSeconds } = taken
    c.set('rateLimit', {
      'ratelimit-policy': `"requests";q=${perSecond};w=${windowSeconds}`,
      ratelimit: `"requests";r=${remaining};t=${resetSeconds}`,
    })
    if (isAllowed) return next()
    const detail = `This key may send ${perSecond} requests a second.`
    throw new ServiceError('rate_limited', detail, { retryAfterSeconds: resetSeconds })
  }
  // Not async: where nothing is to be asked, no request waits for it.
  return (c, next) => {
    const { actor, tenant, limits } = c.get('caller')
    const perSecond = limits.requestsPerSecond ?? usualPerSecond
    if (tenant === '' || perSecond === 0) return next()
    const taken = rate.take(actor, perSecond)
    if (!(taken instanceof Promise)) return judge(c, next, perSecond, taken)
    return taken.then((answer) => judge(c, next, perSecond, answer))
  }
}
