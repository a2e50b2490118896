import type { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { probeRoutes } from './health.js'
import { metricsRoutes } from './metrics.js'
import { openApiRoutes } from './openapi.js'
import type { ReadinessCheck } from '../readiness.js'

const message = 'Augur is running. The API is below /api/v1 and /v2, and described at /docs.'

/** What runs the server rather than uses it. */
export function operationsRoutes(
  context: ApiContext,
  { assertReady, wholeApp }: { assertReady: ReadinessCheck; wholeApp: () => OpenAPIHono<ApiEnv> },
): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/', (c) => jsonResponse(c, JSON.stringify({ message })))
  routes.route('/', probeRoutes(assertReady))
  routes.route('/', metricsRoutes(context))
  routes.route('/', openApiRoutes(context, wholeApp))
  return routes
}
