import { ServiceError } from '@augur/core/errors'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { purgeVersion } from '@augur/core/predictions/purge-version'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { recordAudit } from '../record-audit.js'
import { pausablePageSchema, pausableSchema, purgedSchema, type WirePausable } from './schemas.js'

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

const drainPath = createRoute({
  method: 'post',
  path: '/versions/{id}/drain',
  summary: 'Take no new predictions of a version; those that wait are run',
  request,
  responses,
})

const resumePath = createRoute({
  method: 'post',
  path: '/versions/{id}/resume',
  summary: 'End a pause or a drain: predictions of the version are taken, and begin',
  request,
  responses,
})

const purgePath = createRoute({
  method: 'post',
  path: '/versions/{id}/purge',
  summary: 'Cancel the predictions of a version that wait; those that run go on',
  request,
  responses: {
    200: answer('The version, and how many were canceled.', purgedSchema),
    ...refusals('not_found'),
  },
})

/** @throws ServiceError `not_found` */
function existing(context: ApiContext, id: string): CatalogueVersion {
  const version = currentCatalogue(context).version(id)
  if (version === undefined) throw new ServiceError('not_found', 'There is no version with this id.')
  return version
}

async function present(
  context: ApiContext,
  { id, model, label }: CatalogueVersion,
  draining = currentCatalogue(context).isDraining(id),
): Promise<WirePausable> {
  const paused = await context.queues.isPaused({ model, version: id })
  return { model, version: id, label, paused, draining }
}

type Kind = 'pause' | 'resume' | 'drain' | 'purge'

/** Begins a change of a version. First its line: they lie in different slots, and no change may go without it. */
async function begin(context: ApiContext, c: Context<ApiEnv>, kind: Kind, wanted: string) {
  allow(c, 'admin')
  const version = existing(context, wanted)
  await recordAudit(context, c, { action: `version.${kind}`, target: version.id })
  return { version, target: { model: version.model, version: version.id } }
}

async function answerPause(context: ApiContext, c: Context<ApiEnv>, wanted: string): Promise<Response> {
  const { version, target } = await begin(context, c, 'pause', wanted)
  for (const queues of [context.queues, context.chunkQueues]) await queues.pause(target)
  return jsonResponse(c, JSON.stringify(await present(context, version)))
}

async function answerDrain(context: ApiContext, c: Context<ApiEnv>, wanted: string): Promise<Response> {
  const { version } = await begin(context, c, 'drain', wanted)
  await context.catalogueStore.setDraining(version.id, true)
  return jsonResponse(c, JSON.stringify(await present(context, version, true)))
}

async function answerResume(context: ApiContext, c: Context<ApiEnv>, wanted: string): Promise<Response> {
  const { version, target } = await begin(context, c, 'resume', wanted)
  await context.catalogueStore.setDraining(version.id, false)
  for (const queues of [context.queues, context.chunkQueues]) await queues.resume(target)
  return jsonResponse(c, JSON.stringify(await present(context, version, false)))
}

async function answerPurge(context: ApiContext, c: Context<ApiEnv>, wanted: string): Promise<Response> {
  const { version, target } = await begin(context, c, 'purge', wanted)
  const canceled = await purgeVersion(context, target)
  return jsonResponse(c, JSON.stringify({ ...(await present(context, version)), canceled }))
}

export function versionRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(listPath, async (c) => {
    allow(c, 'admin')
    const { all } = currentCatalogue(context)
    const results = await Promise.all(all.map((version) => present(context, version)))
    return jsonResponse(c, JSON.stringify({ next: null, previous: null, results }))
  })
  routes.openapi(pausePath, (c) => answerPause(context, c, c.req.valid('param').id))
  routes.openapi(drainPath, (c) => answerDrain(context, c, c.req.valid('param').id))
  routes.openapi(resumePath, (c) => answerResume(context, c, c.req.valid('param').id))
  routes.openapi(purgePath, (c) => answerPurge(context, c, c.req.valid('param').id))
  return routes
}
