import { deletePrediction } from '@augur/core/predictions/delete-prediction'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { noContent } from '../json-response.js'

const deletePath = createRoute({
  method: 'delete',
  path: '/predictions/{id}',
  summary: 'Remove a prediction with its data and its deliveries; one that is open is canceled first',
  request: { params: z.object({ id: z.string() }) },
  responses: {
    204: { description: 'It is gone.' },
    ...refusals('not_found', 'gone'),
  },
})

export function deletePredictionRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(deletePath, async (c) => {
    await deletePrediction(asCaller(context, c, 'predict'), c.req.valid('param').id)
    return noContent(c)
  })
  return routes
}
