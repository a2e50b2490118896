import { ServiceError } from '@augur/core/errors'
import { type RequestRate, windowSeconds } from '@augur/core/quotas/request-rate'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

/**
 * Refuses requests of a key beyond its rate, which is `usualPerSecond` where the key has none of its own, and says how
 * much of it is left: draft-ietf-httpapi-ratelimit-headers-10. Open paths have no caller and no limit.
 */
export function limitRequests(rate: RequestRate, usualPerSecond: number): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { tenant, actor, limits } = c.get('caller')
    const perSecond = limits.requestsPerSecond ?? usualPerSecond
    if (tenant === '' || perSecond === 0) return next()
    const { isAllowed, remaining, resetSeconds } = await rate.take(actor, perSecond)
    // On the answer that is to come, whoever builds it.
    c.res.headers.set('ratelimit-policy', `"requests";q=${perSecond};w=${windowSeconds}`)
    c.res.headers.set('ratelimit', `"requests";r=${remaining};t=${resetSeconds}`)
    if (isAllowed) return next()
    const detail = `This key may send ${perSecond} requests a second.`
    throw new ServiceError('rate_limited', detail, { retryAfterSeconds: resetSeconds })
  }
}
