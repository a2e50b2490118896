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
  fileId: string
  batchId: string
  replayId: string
  deliveryId: string
}
export type Name = keyof Names

export interface TestedRequest {
  method: string
  path: string
  headers?: Record<string, string>
  /** Becomes JSON. */
  body?: Record<string, unknown>
  /** Becomes the file of a form, in place of a body. */
  file?: string
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
const ask = (scope: Scope, method: string, path: string): TestedRoute => ({
  scope,
  takes: [],
  request: () => ({ method, path }),
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

const onFile = (scope: Scope, method: string, pathOf: (id: string) => string): TestedRoute => ({
  scope,
  takes: ['fileId'],
  request: ({ fileId }) => ({ method, path: pathOf(fileId) }),
})

const files: Record<string, TestedRoute> = {
  'GET /api/v1/files': get('read', '/api/v1/files'),
  'POST /api/v1/files': {
    scope: 'predict',
    takes: [],
    request: () => ({ method: 'POST', path: '/api/v1/files', file: 'content' }),
  },
  'GET /api/v1/files/:id': onFile('read', 'GET', (id) => `/api/v1/files/${id}`),
  'GET /api/v1/files/:id/download': onFile('read', 'GET', (id) => `/api/v1/files/${id}/download`),
  'DELETE /api/v1/files/:id': onFile('predict', 'DELETE', (id) => `/api/v1/files/${id}`),
}

const onBatch = (scope: Scope, method: string, pathOf: (id: string) => string): TestedRoute => ({
  scope,
  takes: ['batchId'],
  request: ({ batchId }) => ({ method, path: pathOf(batchId) }),
})

const batches: Record<string, TestedRoute> = {
  'POST /api/v1/batches': post('predict', '/api/v1/batches', { model: testVersion.model, inputs: [input] }),
  'GET /api/v1/batches': get('read', '/api/v1/batches'),
  'GET /api/v1/batches/:batch': onBatch('read', 'GET', (id) => `/api/v1/batches/${id}`),
  'POST /api/v1/batches/:batch/cancel': onBatch('predict', 'POST', (id) => `/api/v1/batches/${id}/cancel`),
}
for (const part of ['results', 'errors', 'stream']) {
  batches[`GET /api/v1/batches/:batch/${part}`] = onBatch(
    'read',
    'GET',
    (id) => `/api/v1/batches/${id}/${part}`,
  )
}

const onDelivery = (scope: Scope, method: string, pathOf: (id: string) => string): TestedRoute => ({
  scope,
  takes: ['deliveryId'],
  request: ({ deliveryId }) => ({ method, path: pathOf(deliveryId) }),
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
  'GET /api/v1/predictions/:id/stream': onPrediction(
    'read',
    'GET',
    (id) => `/api/v1/predictions/${id}/stream`,
  ),
  'POST /api/v1/predictions/:id/retry': onPrediction(
    'predict',
    'POST',
    (id) => `/api/v1/predictions/${id}/retry`,
  ),
  'POST /api/v1/predictions/:id/replay': {
    scope: 'predict',
    takes: ['predictionId'],
    request: ({ predictionId }) => ({
      method: 'POST',
      path: `/api/v1/predictions/${predictionId}/replay`,
      body: { version: testVersion.id },
    }),
  },
  'DELETE /api/v1/predictions/:id': onPrediction('predict', 'DELETE', (id) => `/api/v1/predictions/${id}`),
  'POST /api/v1/predictions/:id/feedback': {
    scope: 'predict',
    takes: ['predictionId'],
    request: ({ predictionId }) => ({
      method: 'POST',
      path: `/api/v1/predictions/${predictionId}/feedback`,
      body: { label: 'a' },
    }),
  },
  'POST /api/v1/predict': create('/api/v1/predict', { model: testVersion.model, input }),
  'GET /api/v1/models': get('read', '/api/v1/models'),
  'GET /api/v1/models/:owner/:name': get('read', '/api/v1/models/augur/test'),
  'GET /api/v1/models/:owner/:name/openapi.json': get('read', '/api/v1/models/augur/test/openapi.json'),
  'GET /api/v1/models/:owner/:name/examples': get('read', '/api/v1/models/augur/test/examples'),
  'GET /api/v1/models/:owner/:name/readme': get('read', '/api/v1/models/augur/test/readme'),
  'GET /api/v1/search': get('read', '/api/v1/search?query=test'),
  'GET /api/v1/models/:owner/:name/versions': get('read', '/api/v1/models/augur/test/versions'),
  'GET /api/v1/models/:owner/:name/versions/:version': get('read', '/api/v1/models/augur/test/versions/1'),
  'POST /api/v1/models/:owner/:name/predictions': create('/api/v1/models/augur/test/predictions', { input }),
  'QUERY /api/v1/models': {
    scope: 'read',
    takes: [],
    request: () => ({
      method: 'QUERY',
      path: '/api/v1/models',
      headers: { 'content-type': 'text/plain' },
      body: {},
    }),
  },
  'GET /api/v1/account': get('read', '/api/v1/account'),
  'GET /api/v1/hardware': get('read', '/api/v1/hardware'),
  'GET /api/v1/collections': get('read', '/api/v1/collections'),
  'GET /api/v1/collections/:slug': get('read', '/api/v1/collections/any'),
  'GET /api/v1/trainings': get('read', '/api/v1/trainings'),
  'GET /api/v1/trainings/:training': get('read', '/api/v1/trainings/any'),
  'POST /api/v1/trainings/:training/cancel': post('models', '/api/v1/trainings/any/cancel'),
  'POST /api/v1/models/:owner/:name/versions/:version/trainings': post(
    'models',
    '/api/v1/models/augur/test/versions/1/trainings',
  ),
  'GET /api/v1/deployments': get('read', '/api/v1/deployments'),
  'GET /api/v1/deployments/:owner/:name': get('read', '/api/v1/deployments/augur/any'),
  'POST /api/v1/deployments/:owner/:name/predictions': post(
    'predict',
    '/api/v1/deployments/augur/any/predictions',
    { input },
  ),
  'GET /api/v1/webhooks/default/secret': get('webhooks', '/api/v1/webhooks/default/secret'),
  'GET /api/v1/webhooks/secrets': get('webhooks', '/api/v1/webhooks/secrets'),
  'POST /api/v1/webhooks/secrets': post('webhooks', '/api/v1/webhooks/secrets'),
  'POST /api/v1/webhooks/secrets/rotate': post('webhooks', '/api/v1/webhooks/secrets/rotate', {}),
  'DELETE /api/v1/webhooks/secrets/:secret': ask('webhooks', 'DELETE', '/api/v1/webhooks/secrets/none'),
  // The key has no webhook of its own, so nothing is sent.
  'POST /api/v1/webhooks/test': post('webhooks', '/api/v1/webhooks/test', {}),
  'GET /api/v1/deliveries': get('read', '/api/v1/deliveries'),
  'POST /api/v1/dead-letters/replay': post('webhooks', '/api/v1/dead-letters/replay', {}),
  'GET /api/v1/predictions/:id/deliveries': onPrediction(
    'read',
    'GET',
    (id) => `/api/v1/predictions/${id}/deliveries`,
  ),
  'GET /api/v1/deliveries/:delivery': onDelivery('read', 'GET', (id) => `/api/v1/deliveries/${id}`),
  'POST /api/v1/deliveries/:delivery/redeliver': onDelivery(
    'webhooks',
    'POST',
    (id) => `/api/v1/deliveries/${id}/redeliver`,
  ),
  'GET /api/v1/health': get('read', '/api/v1/health'),
}

// Models belong to all tenants, and so does how their traffic is divided. There is none yet: these find nothing.
const rollout = '/api/v1/models/augur/test/rollout'
const rolloutPattern = '/api/v1/models/:owner/:name/rollout'
predictions[`GET ${rolloutPattern}`] = get('read', rollout)
predictions[`GET ${rolloutPattern}/history`] = get('read', `${rollout}/history`)
predictions[`GET ${rolloutPattern}/comparison`] = get('read', `${rollout}/comparison`)
predictions[`DELETE ${rolloutPattern}`] = {
  scope: 'models',
  takes: [],
  request: () => ({ method: 'DELETE', path: rollout }),
}
predictions[`PUT ${rolloutPattern}`] = {
  scope: 'models',
  takes: [],
  request: () => ({
    method: 'PUT',
    path: '/api/v1/models/augur/none/rollout',
    body: { candidate: '2', mode: 'shadow', percent: 1 },
  }),
}
for (const action of ['stop', 'promote', 'rollback']) {
  predictions[`POST ${rolloutPattern}/${action}`] = post('models', `${rollout}/${action}`, {})
}

predictions['POST /api/v1/models/:owner/:name/replays'] = post(
  'predict',
  '/api/v1/models/augur/none/replays',
  {
    candidate: 'x',
    last: 1,
  },
)
predictions['GET /api/v1/models/:owner/:name/replays/:id'] = {
  scope: 'read',
  takes: ['replayId'],
  request: ({ replayId }) => ({ method: 'GET', path: `/api/v1/models/augur/test/replays/${replayId}` }),
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
  'PATCH /admin/keys/:id': {
    scope: 'admin',
    takes: [],
    request: () => ({ method: 'PATCH', path: '/admin/keys/000000000000', body: { requests_per_second: 1 } }),
  },
  'POST /admin/keys/:id/rotate': post('admin', '/admin/keys/000000000000/rotate', { grace_seconds: 1 }),
  'POST /admin/keys/:id/revoke': post('admin', '/admin/keys/000000000000/revoke'),
  'GET /admin/versions': get('admin', '/admin/versions'),
  'POST /admin/versions/:id/pause': post('admin', '/admin/versions/none/pause'),
  'POST /admin/versions/:id/drain': post('admin', '/admin/versions/none/drain'),
  'POST /admin/versions/:id/resume': post('admin', '/admin/versions/none/resume'),
  'POST /admin/versions/:id/purge': post('admin', '/admin/versions/none/purge'),
  'POST /admin/queues/session': post('admin', '/admin/queues/session'),
  'GET /admin/queues': get('admin', '/admin/queues'),
  'GET /admin/queues/*': get('admin', '/admin/queues/api/queues'),
  'GET /admin/overview': get('admin', '/admin/overview'),
  'GET /admin/audit': get('admin', '/admin/audit'),
  'GET /admin/accounting': get('admin', '/admin/accounting'),
}

const operations: Record<string, TestedRoute> = {
  'GET /metrics': get('admin', '/metrics'),
  'GET /playground/:asset': get(null, '/playground/none.js'),
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
  ...batches,
  ...files,
  ...openInference,
  ...admin,
  ...operations,
}

/** What the app's router answers; what answers any path of any method and hands on is middleware. */
export function routesOf(app: Hono<ApiEnv>): string[] {
  const answering = inspectRoutes(app).filter(({ method, isMiddleware }) => method !== 'ALL' || !isMiddleware)
  return [...new Set(answering.map(({ method, path }) => `${method} ${path}`))]
}
