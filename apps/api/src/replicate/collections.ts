import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { emptyListRoute, missingRoutes } from './nothing-here.js'

export function collectionRoutes(): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.route('/', emptyListRoute('/collections', 'List collections: there are none'))
  const get = {
    method: 'get',
    path: '/collections/{slug}',
    summary: 'Get a collection: there are none',
    scope: 'read',
    detail: 'There is no such collection.',
  } as const
  return routes.route('/', missingRoutes([get]))
}
