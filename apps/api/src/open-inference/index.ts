import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import type { ReadinessCheck } from '../readiness.js'
import { inferRoutes } from './infer.js'
import { modelRoutes } from './models.js'
import { repositoryRoutes } from './repository.js'
import { serverRoutes } from './server.js'

/** The Open Inference Protocol v2, with the binary tensor and the model repository extension of Triton. */
export function openInferenceRoutes(context: ApiContext, assertReady: ReadinessCheck): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.route('/', serverRoutes(assertReady))
  for (const part of [modelRoutes, inferRoutes, repositoryRoutes]) routes.route('/', part(context))
  return routes
}
