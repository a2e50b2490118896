import type { AuditedAction } from '@augur/core/access/audit-log'
import { ServiceError } from '@augur/core/errors'
import { modelTag } from '@augur/core/ids'
import {
  type ChangedBy,
  promoteCandidate,
  removeRollout,
  rollBack,
  setRollout,
  stopRollout,
} from '@augur/core/rollouts/change-rollout'
import type { Rollout } from '@augur/core/rollouts/rollout'
import { readShadowComparison } from '@augur/core/shadow/shadow-comparison'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { allow, asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse, noContent } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { recordAudit } from '../record-audit.js'
import { modelNamed, versionNamed } from './model-in-path.js'
import { presentComparison, presentHistory, presentRollout } from './present-rollout.js'
import {
  comparisonSchema,
  reasonBody,
  rolloutBody,
  rolloutHistorySchema,
  rolloutSchema,
} from './rollout-schemas.js'

const path = '/models/{owner}/{name}/rollout'
const params = z.object({ owner: z.string(), name: z.string() })
const rollout = answer('The rollout.', rolloutSchema)
const jsonBody = (schema: z.ZodType, required: boolean) => ({
  required,
  content: { 'application/json': { schema } },
})
const changeRefusals = ['invalid_request', 'invalid_json', 'not_found', 'rollout_changed'] as const

const getPath = createRoute({
  method: 'get',
  path,
  summary: 'Get how the traffic of a model is divided',
  request: { params },
  responses: { 200: rollout, ...refusals('not_found') },
})

const setPath = createRoute({
  method: 'put',
  path,
  summary: 'Try a version on live traffic: as a split, or as a shadow',
  request: { params, body: jsonBody(rolloutBody, true) },
  responses: { 200: rollout, ...refusals(...changeRefusals, 'not_verified', 'unknown_version') },
})

const removePath = createRoute({
  method: 'delete',
  path,
  summary: 'Let by-model traffic go to the newest version without a baseline again',
  request: { params },
  responses: { 204: { description: 'Removed.' }, ...refusals('not_found', 'rollout_changed') },
})

const actions = {
  stop: 'Stop the trial: all traffic goes to the stable version',
  promote: 'Make the candidate the stable version',
  rollback: 'Undo the last promotion',
} as const
type Action = keyof typeof actions

const actionPath = (action: Action) =>
  createRoute({
    method: 'post',
    path: `${path}/${action}`,
    summary: actions[action],
    request: { params, body: jsonBody(reasonBody, false) },
    responses: { 200: rollout, ...refusals(...changeRefusals, 'not_verified') },
  })

const historyPath = createRoute({
  method: 'get',
  path: `${path}/history`,
  summary: 'List what was changed about the rollout of a model, newest first',
  request: { params },
  responses: { 200: answer('The newest hundred changes.', rolloutHistorySchema), ...refusals('not_found') },
})

const comparisonPath = createRoute({
  method: 'get',
  path: `${path}/comparison`,
  summary: 'Compare candidate and stable version by what they did so far',
  request: { params },
  responses: { 200: answer('The comparison.', comparisonSchema), ...refusals('not_found') },
})

const historyLength = 100

/** @throws ServiceError `not_found` */
async function existing(context: ApiContext, model: string): Promise<Rollout> {
  const found = await context.rollouts.read(model)
  if (found) return found
  throw new ServiceError('not_found', 'This model has no rollout.')
}

/** Leaves a line in the audit log before anything changes: no change may go without one. */
async function changedBy(
  context: ApiContext,
  c: Context<ApiEnv>,
  action: AuditedAction,
  model: string,
  { reason = '', force = false }: { reason?: string | undefined; force?: boolean | undefined },
): Promise<ChangedBy> {
  await recordAudit(context, c, { action, target: model })
  return { actor: c.get('caller').actor, reason, force }
}

async function bodyOf<T>(c: Context<ApiEnv>, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  return validBody(schema, text === '' ? {} : parseJson(text))
}

export function rolloutRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const read = readBody({ ...context.bodyLimits, accept: ['application/json'] })
  const shown = (c: Context<ApiEnv>, found: Rollout) =>
    jsonResponse(c, JSON.stringify(presentRollout(currentCatalogue(context), found)))

  routes.openapi(getPath, async (c) => {
    allow(c, 'read')
    const model = modelNamed(currentCatalogue(context), c.req.valid('param'))
    return shown(c, await existing(context, model))
  })

  routes.openAPIRegistry.registerPath(setPath)
  routes.put(setPath.getRoutingPath(), needs('models'), read, async (c) => {
    const catalogue = currentCatalogue(context)
    const model = modelNamed(catalogue, params.parse(c.req.param()))
    const body = await bodyOf(c, rolloutBody)
    const wanted = {
      model,
      stable: body.stable === undefined ? null : versionNamed(catalogue, model, body.stable),
      candidate: versionNamed(catalogue, model, body.candidate),
      mode: body.mode,
      percent: body.percent,
      stickyKey: body.sticky_key ?? { from: 'api_key' as const },
      guardrails: body.guardrails ?? {},
    }
    const by = await changedBy(context, c, 'rollout.set', model, body)
    return shown(c, await setRollout(context, catalogue, wanted, by))
  })

  routes.openapi(removePath, async (c) => {
    allow(c, 'models')
    const model = modelNamed(currentCatalogue(context), c.req.valid('param'))
    await removeRollout(context, model, await changedBy(context, c, 'rollout.remove', model, {}))
    return noContent(c)
  })

  const change: Record<Action, (model: string, by: ChangedBy) => Promise<Rollout>> = {
    stop: (model, by) => stopRollout(context, model, by),
    promote: (model, by) => promoteCandidate(context, currentCatalogue(context), model, by),
    rollback: (model, by) => rollBack(context, model, by),
  }
  for (const action of ['stop', 'promote', 'rollback'] as const) {
    const route = actionPath(action)
    routes.openAPIRegistry.registerPath(route)
    routes.post(route.getRoutingPath(), needs('models'), read, async (c) => {
      const model = modelNamed(currentCatalogue(context), params.parse(c.req.param()))
      const body = await bodyOf(c, reasonBody)
      const by = await changedBy(context, c, `rollout.${action}`, model, body)
      return shown(c, await change[action](model, by))
    })
  }

  routes.openapi(historyPath, async (c) => {
    allow(c, 'read')
    const catalogue = currentCatalogue(context)
    const events = await context.rollouts.history(modelNamed(catalogue, c.req.valid('param')), historyLength)
    return jsonResponse(c, JSON.stringify(presentHistory(catalogue, events)))
  })

  routes.openapi(comparisonPath, async (c) => {
    const own = asCaller(context, c, 'read')
    const catalogue = currentCatalogue(context)
    const found = await existing(context, modelNamed(catalogue, c.req.valid('param')))
    const { trial } = found
    if (trial === null) throw new ServiceError('not_found', 'Nothing is tried on this model.')
    const tag = modelTag(found.model)
    const [stable, candidate, shadow] = await Promise.all([
      context.armStore.counts(tag, trial.id, 'stable'),
      context.armStore.counts(tag, trial.id, 'candidate'),
      trial.mode === 'shadow' ? readShadowComparison(own, tag, trial.id) : null,
    ])
    const seen = { stable, candidate, shadow }
    return jsonResponse(c, JSON.stringify(presentComparison(catalogue, found, trial, seen)))
  })

  return routes
}
