import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { accountingRoutes } from './accounting.js'
import { auditRoutes } from './audit.js'
import { keyRoutes } from './keys.js'
import { overviewRoutes } from './overview.js'
import { queueBoardRoutes } from './queue-board-routes.js'
import { versionRoutes } from './versions.js'

/** Who may do what, and who did: for callers with the scope `admin`, over all tenants. */
export function adminRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const part of [
    keyRoutes,
    versionRoutes,
    overviewRoutes,
    auditRoutes,
    accountingRoutes,
    queueBoardRoutes,
  ])
    routes.route('/', part(context))
  return routes
}
