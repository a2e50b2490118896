import { modelTag } from '@augur/core/ids'
import type { Catalogue, CatalogueVersion } from '@augur/core/models/catalogue'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { overviewSchema, type WireOverview } from './schemas.js'

const overviewPath = createRoute({
  method: 'get',
  path: '/overview',
  summary: 'See every version with its queue and counters, and which models have a rollout',
  responses: { 200: answer('As of now.', overviewSchema), ...refusals() },
})

type WireVersionState = WireOverview['versions'][number]

async function presentVersion(
  context: ApiContext,
  catalogue: Catalogue,
  { id, model, label }: CatalogueVersion,
): Promise<WireVersionState> {
  const [counts, { isPaused, ranPerSecond }] = await Promise.all([
    context.predictions.counts(modelTag(model), id),
    context.queueStates.of({ model, version: id }),
  ])
  const { accepted, open, succeeded, failed, canceled, oldestOpenAt } = counts
  const state = catalogue.stateOf(id)
  const present = catalogue.statesOf(id)
  return {
    model,
    version: id,
    label,
    state,
    state_reason: present.find((each) => each.state === state)?.reason ?? null,
    is_stable: catalogue.stable(model)?.id === id,
    workers: present.length,
    paused: isPaused,
    draining: catalogue.isDraining(id),
    open,
    oldest_age_seconds: oldestOpenAt === null ? null : Math.max(0, context.now() - oldestOpenAt) / 1000,
    ran_per_second: ranPerSecond,
    accepted,
    succeeded,
    failed,
    canceled,
  }
}

async function readOverview(context: ApiContext): Promise<WireOverview> {
  const catalogue = currentCatalogue(context)
  const models = catalogue.models()
  const [versions, rollouts] = await Promise.all([
    Promise.all(catalogue.versions.map((version) => presentVersion(context, catalogue, version))),
    Promise.all(models.map((model) => context.rollouts.read(model))),
  ])
  return {
    at: new Date(context.now()).toISOString(),
    workers: catalogue.workers.length,
    versions,
    rollouts: models.filter((_, index) => rollouts[index]),
  }
}

/** What the operations page shows: one request in place of one for each version. */
export function overviewRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(overviewPath, async (c) => {
    allow(c, 'admin')
    return jsonResponse(c, JSON.stringify(await readOverview(context)))
  })
  return routes
}
