import type { Metrics } from '@augur/core/telemetry/metrics'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { ApiEnv } from '../api-app.js'

/** Duration by method, route and status. What no route answers counts under `/*`. */
export function httpMetrics({
  httpRequestSeconds,
}: Pick<Metrics, 'httpRequestSeconds'>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next()
    const seconds = (performance.now() - c.get('startedAt')) / 1000
    httpRequestSeconds.observe(
      { method: c.req.method, route: routePath(c, -1), status: c.res.status },
      seconds,
    )
  }
}
