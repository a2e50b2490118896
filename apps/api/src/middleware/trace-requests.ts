import { cutKeys } from '@augur/core/access/api-key'
import type { Tracing } from '@augur/core/telemetry/tracing'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { ApiEnv } from '../api-app.js'

/** Asked many times a minute by machines, about no work of anybody's. */
const untraced: ReadonlySet<string> = new Set([
  '/livez',
  '/readyz',
  '/metrics',
  '/v2/health/live',
  '/v2/health/ready',
])

/** A span for each request, until its headers are sent; what the request causes goes on below it. */
export function traceRequests(tracing: Tracing): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (untraced.has(c.req.path)) return next()
    const { method } = c.req
    const span = tracing.start(method, {
      kind: 'server',
      parent: c.req.header('traceparent'),
      attributes: {
        'http.request.method': method,
        'url.path': cutKeys(c.req.path),
        'augur.request_id': c.get('requestId'),
      },
    })
    if (span.traceparent !== undefined) c.set('traceparent', span.traceparent)
    await next()
    const route = routePath(c, -1)
    const { status } = c.res
    span.end({
      name: `${method} ${route}`,
      attributes: { 'http.route': route, 'http.response.status_code': status },
      ...(status >= 500 && { error: `status ${status}` }),
    })
  }
}
