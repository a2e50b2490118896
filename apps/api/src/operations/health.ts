import { ServiceError } from '@augur/core/errors'
import { Hono } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'

const unavailable = (reason: string) => new ServiceError('unavailable', reason, { retryAfterSeconds: 1 })

/**
 * @param wasReady whether it was before. Then a worker that loads one more model is no reason to send callers away.
 * @throws ServiceError with the first reason why requests should go elsewhere
 */
async function assertReady(context: ApiContext, wasReady: boolean): Promise<void> {
  if (context.stopping) throw unavailable('The server is shutting down.')
  if (!(await context.isRedisAnswering())) throw unavailable('Redis does not answer.')
  const catalogue = context.catalogue.current
  if (catalogue === null) throw unavailable('The model catalogue was not read yet.')
  const states = catalogue.workers.flatMap(({ versions }) => versions.map(({ state }) => state))
  if (!wasReady && states.includes('loading')) throw unavailable('A worker is still loading its models.')
  if (!states.includes('ready')) {
    throw new ServiceError('no_worker', 'No worker is ready for any version.', { retryAfterSeconds: 1 })
  }
}

/** `/livez`: the process answers. `/readyz`: predictions that are sent now are served. */
export function probeRoutes(context: ApiContext): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  let wasReady = false
  routes.get('/livez', (c) => jsonResponse(c, JSON.stringify({ status: 'live' })))
  routes.get('/readyz', async (c) => {
    await assertReady(context, wasReady)
    wasReady = true
    return jsonResponse(c, JSON.stringify({ status: 'ready' }))
  })
  return routes
}
