import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { hardwareSchema } from './schemas.js'

// Nobody rents machines here: models run on the workers that serve them.
const hardware = JSON.stringify([{ sku: 'workers', name: "The server's own workers" }])

const listPath = createRoute({
  method: 'get',
  path: '/hardware',
  summary: 'List what models run on',
  responses: { 200: answer('One entry: the workers.', hardwareSchema), ...refusals() },
})

export function hardwareRoutes(): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(listPath, (c) => {
    allow(c, 'read')
    return jsonResponse(c, hardware)
  })
  return routes
}
