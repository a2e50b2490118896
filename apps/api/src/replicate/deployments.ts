import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { emptyListRoute, missingRoutes } from './nothing-here.js'

const byName = '/deployments/{owner}/{name}'
const detail = 'There is no such deployment.'

const missing = [
  { method: 'get', path: byName, summary: 'Get a deployment: there are none', scope: 'read', detail },
  { method: 'patch', path: byName, summary: 'Change a deployment: there are none', scope: 'models', detail },
  { method: 'delete', path: byName, summary: 'Delete a deployment: there are none', scope: 'models', detail },
  {
    method: 'post',
    path: `${byName}/predictions`,
    summary: 'Create a prediction of a deployment: there are none',
    scope: 'predict',
    detail,
  },
] as const

export function deploymentRoutes(): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.route('/', emptyListRoute('/deployments', 'List deployments: there are none'))
  return routes.route('/', missingRoutes(missing))
}
