import { ServiceError } from '@augur/core/errors'
import type { Context, Hono } from 'hono'
import type { ApiEnv } from './api-app.js'
import { noContent } from './json-response.js'
import { problemResponse } from './problem-response.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']

/** The methods that some route answers at this path. */
function allowedMethods(app: Hono<ApiEnv>, path: string): string[] {
  return methods.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  )
}

/** Tells an unknown path from a method that a known one does not take, and `whyNoMethod`; answers OPTIONS. */
export function createNotFoundHandler(app: Hono<ApiEnv>, whyNoMethod: (path: string) => string | undefined) {
  return (c: Context<ApiEnv>): Response => {
    const allowed = allowedMethods(app, c.req.path)
    if (allowed.length === 0) throw new ServiceError('not_found', 'There is nothing at this path.')
    const allow = [...allowed, 'OPTIONS'].join(', ')
    if (c.req.method === 'OPTIONS') return noContent(c, { allow })
    const reason = whyNoMethod(c.req.path) ?? 'This path does not take this method.'
    const refusal = new ServiceError('method_not_allowed', reason)
    return problemResponse(c, refusal, { allow })
  }
}
