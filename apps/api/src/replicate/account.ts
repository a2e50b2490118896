import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { accountSchema } from './schemas.js'

const accountPath = createRoute({
  method: 'get',
  path: '/account',
  summary: 'Get whom the key belongs to',
  responses: { 200: answer('The tenant.', accountSchema), ...refusals() },
})

/** A tenant is what clients know as an organization. */
export function accountRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(accountPath, (c) => {
    const { tenant } = asCaller(context, c, 'read')
    return jsonResponse(c, JSON.stringify({ type: 'organization', username: tenant, name: tenant }))
  })
  return routes
}
