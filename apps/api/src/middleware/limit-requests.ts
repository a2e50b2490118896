import { ServiceError } from '@augur/core/errors'
import { type RequestRate, windowSeconds } from '@augur/core/quotas/request-rate'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

/**
 * Refuses requests of a key beyond its rate, and says how much of it is left: draft-ietf-httpapi-ratelimit-headers-10.
 * Open paths have no caller and no limit.
 */
export function limitRequests(rate: RequestRate): MiddlewareHandler<ApiEnv> {
  const policy = `"requests";q=${rate.perSecond};w=${windowSeconds}`
  return async (c, next) => {
    const { tenant, actor } = c.get('caller')
    if (tenant === '') return next()
    const { isAllowed, remaining, resetSeconds } = await rate.take(actor)
    // On the answer that is to come, whoever builds it.
    c.res.headers.set('ratelimit-policy', policy)
    c.res.headers.set('ratelimit', `"requests";r=${remaining};t=${resetSeconds}`)
    if (isAllowed) return next()
    const detail = `This key may send ${rate.perSecond} requests a second.`
    throw new ServiceError('rate_limited', detail, { retryAfterSeconds: resetSeconds })
  }
}
