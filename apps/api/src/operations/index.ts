import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { playgroundRoutes } from '../playground/routes.js'
import { probeRoutes } from './health.js'
import { metricsRoutes } from './metrics.js'
import { openApiRoutes } from './openapi.js'
import { describeOperations } from './operations-documentation.js'
import type { ReadinessCheck } from '../readiness.js'

/** What runs the server rather than uses it. */
export function operationsRoutes(
  context: ApiContext,
  { assertReady, wholeApp }: { assertReady: ReadinessCheck; wholeApp: () => OpenAPIHono<ApiEnv> },
): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  describeOperations(routes)
  routes.route('/', playgroundRoutes(context.playground))
  routes.route('/', probeRoutes(assertReady))
  routes.route('/', metricsRoutes(context))
  routes.route('/', openApiRoutes(context, wholeApp))
  return routes
}
