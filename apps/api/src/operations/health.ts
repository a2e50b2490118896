import { Hono } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { jsonResponse } from '../json-response.js'
import type { ReadinessCheck } from '../readiness.js'

/** `/livez`: the process answers. `/readyz`: predictions that are sent now are served. */
export function probeRoutes(assertReady: ReadinessCheck): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/livez', (c) => jsonResponse(c, JSON.stringify({ status: 'live' })))
  routes.get('/readyz', async (c) => {
    await assertReady()
    return jsonResponse(c, JSON.stringify({ status: 'ready' }))
  })
  return routes
}
