import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { answer, refusals } from '../documentation.js'
import { webhookSecretSchema } from './schemas.js'

const secretPath = createRoute({
  method: 'get',
  path: '/webhooks/default/secret',
  summary: 'Get the secret that webhooks are signed with',
  responses: { 200: answer('The secret.', webhookSecretSchema), ...refusals() },
})

export function webhookRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(secretPath, (c) => {
    const { tenant } = asCaller(context, c, 'webhooks')
    return jsonResponse(c, JSON.stringify({ key: context.webhookSecretOf(tenant) }))
  })
  return routes
}
