import { versionNumber } from '@augur/core/version-number'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import type { ReadinessCheck } from '../readiness.js'
import { serverLive, serverMetadata, serverReady } from './schemas.js'

const extensions = ['binary_tensor_data', 'model_repository']

const metadataPath = createRoute({
  method: 'get',
  path: '/',
  summary: 'Get what the server is',
  responses: { 200: answer('Its name, version and extensions.', serverMetadata), ...refusals() },
})

const livePath = createRoute({
  method: 'get',
  path: '/health/live',
  summary: 'Ask whether the server answers',
  responses: { 200: answer('It does.', serverLive), ...refusals() },
})

const readyPath = createRoute({
  method: 'get',
  path: '/health/ready',
  summary: 'Ask whether predictions that are sent now are served',
  responses: { 200: answer('They are.', serverReady), ...refusals('no_worker') },
})

export function serverRoutes(assertReady: ReadinessCheck): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const metadata = JSON.stringify({ name: 'augur', version: versionNumber, extensions })
  routes.openapi(metadataPath, (c) => {
    allow(c, 'read')
    return jsonResponse(c, metadata)
  })
  routes.openapi(livePath, (c) => jsonResponse(c, JSON.stringify({ live: true })))
  routes.openapi(readyPath, async (c) => {
    await assertReady()
    return jsonResponse(c, JSON.stringify({ ready: true }))
  })
  return routes
}
