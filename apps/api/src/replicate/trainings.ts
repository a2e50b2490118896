import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { emptyListRoute, missingRoutes } from './nothing-here.js'

const detail = 'This server serves models, and trains none.'

const missing = [
  {
    method: 'post',
    path: '/models/{owner}/{name}/versions/{version}/trainings',
    summary: 'Train a version: models are trained elsewhere',
    scope: 'models',
    detail,
  },
  {
    method: 'get',
    path: '/trainings/{training}',
    summary: 'Get a training: there are none',
    scope: 'read',
    detail,
  },
  {
    method: 'post',
    path: '/trainings/{training}/cancel',
    summary: 'Cancel a training: there are none',
    scope: 'models',
    detail,
  },
] as const

export function trainingRoutes(): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.route('/', emptyListRoute('/trainings', 'List trainings: there are none'))
  return routes.route('/', missingRoutes(missing))
}
