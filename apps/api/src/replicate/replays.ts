import { ServiceError } from '@augur/core/errors'
import { modelTag } from '@augur/core/ids'
import type { Replay } from '@augur/core/shadow/replay-store'
import { readShadowComparison } from '@augur/core/shadow/shadow-comparison'
import { findStartedReplay, startReplay } from '@augur/core/shadow/start-replay'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { idempotencyKeyHeader, idempotencyRefusals } from '../idempotency-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { modelNamed, versionNamed } from './model-in-path.js'
import { presentReplay } from './present-shadow.js'
import { replaySchema, startReplayBody } from './shadow-schemas.js'

const mostBytes = 4096
const path = '/models/{owner}/{name}/replays'
const params = z.object({ owner: z.string(), name: z.string() })

const startPath = createRoute({
  method: 'post',
  path,
  summary: 'Repeat your newest predictions of a model on another version, unseen, and compare the answers',
  parameters: [idempotencyKeyHeader],
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: startReplayBody } } },
  },
  responses: {
    201: answer('Begun; ask for it again to see how far it has come.', replaySchema),
    ...refusals('invalid_json', 'not_found', 'unknown_version', 'overloaded', ...idempotencyRefusals),
  },
})

const getPath = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  summary: 'Get how far a replay has come, and what it found',
  request: { params: params.extend({ id: z.string() }) },
  responses: { 200: answer('The replay.', replaySchema), ...refusals('not_found') },
})

export function replaysRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: ['application/json'] })
  const shown = async (
    c: Context<ApiEnv>,
    own: CallerContext,
    replay: Replay,
    status: 200 | 201,
    headers: Record<string, string> = {},
  ) => {
    const comparison = await readShadowComparison(own, modelTag(replay.model), replay.id)
    const body = presentReplay(currentCatalogue(context), replay, comparison)
    return jsonResponse(c, JSON.stringify(body), status, headers)
  }

  routes.openAPIRegistry.registerPath(startPath)
  routes.post(startPath.getRoutingPath(), needs('predict'), read, async (c) => {
    const own = asCaller(context, c, 'predict')
    const text = await c.req.text()
    const { candidate, last } = validBody(startReplayBody, parseJson(text))
    const idempotency = idempotencyOf(c, () => text)
    const start = () => {
      const catalogue = currentCatalogue(context)
      const model = modelNamed(catalogue, params.parse(c.req.param()))
      return startReplay(own, { version: versionNamed(catalogue, model, candidate), last, idempotency })
    }
    const { replay, replayed } = (await findStartedReplay(own, idempotency)) ?? (await start())
    return shown(c, own, replay, 201, replayed ? { 'idempotency-replayed': 'true' } : {})
  })

  routes.openapi(getPath, async (c) => {
    const own = asCaller(context, c, 'read')
    const { owner, name, id } = c.req.valid('param')
    const replay = await context.replays.read(id)
    if (replay === null || replay.tenant !== own.tenant || replay.model !== `${owner}/${name}`) {
      throw new ServiceError('not_found', 'There is no such replay.')
    }
    return shown(c, own, replay, 200)
  })

  return routes
}
