import { ServiceError } from '@augur/core/errors'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { recordAudit } from '../record-audit.js'
import { pausablePageSchema, pausableSchema, type WirePausable } from './schemas.js'

const listPath = createRoute({
  method: 'get',
  path: '/versions',
  summary: 'List all versions, and which of them are paused',
  responses: { 200: answer('All versions, newest first.', pausablePageSchema), ...refusals() },
})

const request = { params: z.object({ id: z.string() }) }
const responses = { 200: answer('The version.', pausableSchema), ...refusals('not_found') }

const pausePath = createRoute({
  method: 'post',
  path: '/versions/{id}/pause',
  summary: 'Hold the queue of a version: predictions are taken, and none begins',
  request,
  responses,
})

const resumePath = createRoute({
  method: 'post',
  path: '/versions/{id}/resume',
  summary: 'Let the predictions of a version begin again',
  request,
  responses,
})

/** @throws ServiceError `not_found` */
function existing(context: ApiContext, id: string): CatalogueVersion {
  const version = currentCatalogue(context).version(id)
  if (version === undefined) throw new ServiceError('not_found', 'There is no version with this id.')
  return version
}

async function present(context: ApiContext, version: CatalogueVersion): Promise<WirePausable> {
  const { id, model, label } = version
  return { model, version: id, label, paused: await context.queues.isPaused({ model, version: id }) }
}

async function answerPause(
  context: ApiContext,
  c: Context<ApiEnv>,
  kind: 'pause' | 'resume',
  wanted: string,
): Promise<Response> {
  allow(c, 'admin')
  const version = existing(context, wanted)
  const target = { model: version.model, version: version.id }
  // First: they lie in different slots, and no change may go without its line.
  await recordAudit(context, c, { action: `version.${kind}`, target: version.id })
  for (const queues of [context.queues, context.chunkQueues]) await queues[kind](target)
  return jsonResponse(c, JSON.stringify(await present(context, version)))
}

export function versionRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(listPath, async (c) => {
    allow(c, 'admin')
    const { all } = currentCatalogue(context)
    const results = await Promise.all(all.map((version) => present(context, version)))
    return jsonResponse(c, JSON.stringify({ next: null, previous: null, results }))
  })
  routes.openapi(pausePath, (c) => answerPause(context, c, 'pause', c.req.valid('param').id))
  routes.openapi(resumePath, (c) => answerPause(context, c, 'resume', c.req.valid('param').id))
  return routes
}
