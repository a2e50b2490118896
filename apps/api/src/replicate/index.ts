import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { healthRoutes } from './health.js'
import { modelRoutes } from './models.js'
import { predictRoutes } from './predict.js'
import { predictionRoutes } from './predictions.js'
import { webhookRoutes } from './webhooks.js'

/** The predictions dialect: Replicate's wire contract, with a few routes of our own. */
export function replicateRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const part of [predictionRoutes, modelRoutes, webhookRoutes, predictRoutes, healthRoutes]) {
    routes.route('/', part(context))
  }
  return routes
}
