import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { answer, refusals } from '../documentation.js'
import { type Health, healthSchema } from './schemas.js'

const healthPath = createRoute({
  method: 'get',
  path: '/health',
  summary: 'See how the server and each version is',
  responses: { 200: answer('How it is, good or bad.', healthSchema), ...refusals() },
})

async function readHealth(context: ApiContext): Promise<Health> {
  const isAnswering = await context.isRedisAnswering()
  const catalogue = context.catalogue.current
  const models = (catalogue?.versions ?? []).map(({ id, model, label }) => ({
    model,
    version: id,
    label,
    state: catalogue?.stateOf(id) ?? 'unserved',
    workers: catalogue?.statesOf(id).length ?? 0,
  }))
  // What is on its way out by request is no fault.
  const wanted = models.filter(({ state }) => state !== 'draining' && state !== 'stopped')
  const allReady = wanted.length > 0 && wanted.every(({ state }) => state === 'ready')
  return {
    status: isAnswering ? (allReady ? 'ok' : 'degraded') : 'unavailable',
    redis: isAnswering ? 'ok' : 'unavailable',
    models,
  }
}

export function healthRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(healthPath, async (c) => {
    allow(c, 'read')
    return jsonResponse(c, JSON.stringify(await readHealth(context)))
  })
  return routes
}
