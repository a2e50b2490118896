import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { auditRoutes } from './audit.js'
import { keyRoutes } from './keys.js'

/** Who may do what, and who did: for callers with the scope `admin`, over all tenants. */
export function adminRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const part of [keyRoutes, auditRoutes]) routes.route('/', part(context))
  return routes
}
