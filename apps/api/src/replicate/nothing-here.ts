import type { Scope } from '@augur/core/access/scopes'
import { ServiceError } from '@augur/core/errors'
import { createRoute, type OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { emptyPageSchema } from './schemas.js'

const emptyPage = JSON.stringify({ next: null, previous: null, results: [] })

interface Missing extends Pick<RouteConfig, 'method' | 'path'> {
  summary: string
  scope: Scope
  detail: string
}

const parameterPattern = /\{(\w+)\}/g

const parametersOf = (path: string) =>
  [...path.matchAll(parameterPattern)].map(([, name = '']) => ({
    name,
    in: 'path' as const,
    required: true,
    schema: { type: 'string' as const },
  }))

/** Routes of the contract that find nothing, whatever is asked for: JSON, where a client parses what it gets. */
export function missingRoutes(missing: readonly Missing[]): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const { method, path, summary, scope, detail } of missing) {
    const parameters = parametersOf(path)
    routes.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      parameters,
      responses: refusals('not_found'),
    })
    routes.on(method.toUpperCase(), path.replaceAll(parameterPattern, ':$1'), (c) => {
      allow(c, scope)
      throw new ServiceError('not_found', detail)
    })
  }
  return routes
}

/** A list that clients ask for and that is always empty. */
export function emptyListRoute(path: string, summary: string): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const responses = { 200: answer('An empty page.', emptyPageSchema), ...refusals() }
  routes.openapi(createRoute({ method: 'get', path, summary, responses }), (c) => {
    allow(c, 'read')
    return jsonResponse(c, emptyPage)
  })
  return routes
}
