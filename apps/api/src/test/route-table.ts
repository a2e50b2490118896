import type { Scope } from '@augur/core/access/scopes'
import { testVersion } from '@augur/test-support/test-context'
import type { Hono } from 'hono'
import { inspectRoutes } from 'hono/dev'
import type { ApiEnv } from '../api-app.js'

/** What of a tenant's a request can name. */
export interface Names {
  predictionId: string
  /** The id that a page goes on before. */
  cursorId: string
  idempotencyKey: string
}
export type Name = keyof Names

export interface TestedRequest {
  method: string
  path: string
  headers?: Record<string, string>
  /** Becomes JSON. */
  body?: Record<string, unknown>
}

/** A route as the isolation tests know it. */
export interface TestedRoute {
  /** What a key needs for it; null where nobody needs a key. */
  scope: Scope | null
  /** What its request takes of `Names`. */
  takes: readonly Name[]
  /** A request that is right in every way, as long as its names are. */
  request(names: Names): TestedRequest
}

const input = { x: [1, 2, 3] }
const tensors = [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }]

const get = (scope: Scope | null, path: string): TestedRoute => ({
  scope,
  takes: [],
  request: () => ({ method: 'GET', path }),
})
const post = (scope: Scope, path: string, body?: Record<string, unknown>): TestedRoute => ({
  scope,
  takes: [],
  request: () => ({ method: 'POST', path, ...(body && { body }) }),
})
const create = (path: string, body: Record<string, unknown>): TestedRoute => ({
  scope: 'predict',
  takes: ['idempotencyKey'],
  request: ({ idempotencyKey }) => ({
    method: 'POST',
    path,
    body,
    headers: { 'idempotency-key': idempotencyKey },
  }),
})
const onPrediction = (scope: Scope, method: string, pathOf: (id: string) => string): TestedRoute => ({
  scope,
  takes: ['predictionId'],
  request: ({ predictionId }) => ({ method, path: pathOf(predictionId) }),
})

const predictions: Record<string, TestedRoute> = {
  'POST /api/v1/predictions': create('/api/v1/predictions', { version: testVersion.id, input }),
  'GET /api/v1/predictions': {
    scope: 'read',
    takes: ['cursorId'],
    request: ({ cursorId }) => {
      const cursor = Buffer.from(cursorId).toString('base64url')
      return { method: 'GET', path: `/api/v1/predictions?cursor=${cursor}` }
    },
  },
  'GET /api/v1/predictions/:id': onPrediction('read', 'GET', (id) => `/api/v1/predictions/${id}`),
  'POST /api/v1/predictions/:id/cancel': onPrediction(
    'predict',
    'POST',
    (id) => `/api/v1/predictions/${id}/cancel`,
  ),
  'POST /api/v1/predict': create('/api/v1/predict', { model: testVersion.model, input }),
  'GET /api/v1/models': get('read', '/api/v1/models'),
  'GET /api/v1/models/:owner/:name': get('read', '/api/v1/models/augur/test'),
  'GET /api/v1/models/:owner/:name/versions': get('read', '/api/v1/models/augur/test/versions'),
  'GET /api/v1/models/:owner/:name/versions/:version': get('read', '/api/v1/models/augur/test/versions/1'),
  'POST /api/v1/models/:owner/:name/predictions': create('/api/v1/models/augur/test/predictions', { input }),
  'GET /api/v1/webhooks/default/secret': get('webhooks', '/api/v1/webhooks/default/secret'),
  'GET /api/v1/health': get('read', '/api/v1/health'),
}

const openInference: Record<string, TestedRoute> = {
  'GET /v2': get('read', '/v2'),
  'GET /v2/health/live': get(null, '/v2/health/live'),
  'GET /v2/health/ready': get(null, '/v2/health/ready'),
  'POST /v2/repository/index': post('read', '/v2/repository/index'),
}
const modelsAsNamed = {
  ':name': 'test',
  ':owner/:name': 'augur/test',
  ':name/versions/:version': 'test/versions/1',
  ':owner/:name/versions/:version': 'augur/test/versions/1',
}
for (const [pattern, model] of Object.entries(modelsAsNamed)) {
  openInference[`GET /v2/models/${pattern}`] = get('read', `/v2/models/${model}`)
  openInference[`GET /v2/models/${pattern}/ready`] = get('read', `/v2/models/${model}/ready`)
  openInference[`POST /v2/models/${pattern}/infer`] = post('predict', `/v2/models/${model}/infer`, {
    inputs: tensors,
  })
}
// Nothing serves the model that is unloaded, so that the others find theirs.
for (const [pattern, loaded, unloaded] of [
  [':name', 'test', 'none'],
  [':owner/:name', 'augur/test', 'augur/none'],
]) {
  const of = (kind: string, model: string | undefined) => `/v2/repository/models/${model}/${kind}`
  openInference[`POST ${of('load', pattern)}`] = post('models', of('load', loaded))
  openInference[`POST ${of('unload', pattern)}`] = post('models', of('unload', unloaded))
}

// Keys and the audit log belong to the server: who administers it sees those of all tenants.
const newKey = { name: 'new', tenant: 'acme', scopes: ['read'] }
const admin: Record<string, TestedRoute> = {
  'GET /admin/keys': get('admin', '/admin/keys'),
  'POST /admin/keys': post('admin', '/admin/keys', newKey),
  'POST /admin/keys/:id/rotate': post('admin', '/admin/keys/000000000000/rotate', { grace_seconds: 1 }),
  'POST /admin/keys/:id/revoke': post('admin', '/admin/keys/000000000000/revoke'),
  'GET /admin/audit': get('admin', '/admin/audit'),
}

const operations: Record<string, TestedRoute> = {
  'GET /metrics': get('admin', '/metrics'),
}
for (const path of [
  '/',
  '/livez',
  '/readyz',
  '/openapi.json',
  '/docs',
  '/docs/errors',
  '/docs/start.js',
  '/docs/swagger-ui.js',
  '/docs/swagger-ui.css',
]) {
  operations[`GET ${path}`] = get(null, path)
}

/** Every route, as `METHOD /path` of the app's router. */
export const routeTable: Readonly<Record<string, TestedRoute>> = {
  ...predictions,
  ...openInference,
  ...admin,
  ...operations,
}

/** What the app's router answers; what answers any path of any method and hands on is middleware. */
export function routesOf(app: Hono<ApiEnv>): string[] {
  const answering = inspectRoutes(app).filter(({ method, isMiddleware }) => method !== 'ALL' || !isMiddleware)
  return [...new Set(answering.map(({ method, path }) => `${method} ${path}`))]
}
