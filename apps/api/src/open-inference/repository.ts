import { ServiceError } from '@augur/core/errors'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { changeModel } from './change-model.js'
import { modelIn, modelPaths } from './model-path.js'
import type { JsonLimits } from '../middleware/read-json.js'
import { readUntypedBody } from './read-untyped-body.js'
import { presentIndex } from './repository-index.js'
import { indexRequest, loadRequest, nothing, repositoryIndex } from './schemas.js'
import { readSplitBody } from './split-body.js'

const json = 'application/json'
const mostBytes = 64 * 1024
const body = (schema: typeof indexRequest | typeof loadRequest) => ({
  required: false,
  content: { [json]: { schema } },
})
const ofBody = ['invalid_json', 'payload_too_large', 'unsupported_media_type', 'invalid_input'] as const

const indexPath = createRoute({
  method: 'post',
  path: '/repository/index',
  summary: 'List what the model repositories of all workers hold',
  request: { body: body(indexRequest) },
  responses: { 200: answer('All versions.', repositoryIndex), ...refusals(...ofBody) },
})

const changePaths = (kind: 'load' | 'unload', summary: string) =>
  modelPaths.map(({ path, params }) =>
    createRoute({
      method: 'post',
      path: `/repository${path}/${kind}`,
      summary,
      request: { params, body: body(loadRequest) },
      responses: {
        200: answer('Done.', nothing),
        ...refusals(...ofBody, 'not_found', 'no_worker', 'timeout'),
      },
    }),
  )

/** An empty body stands for an empty object. */
async function readJson(c: Context, limits: JsonLimits): Promise<unknown> {
  const isEmpty = (await c.req.arrayBuffer()).byteLength === 0
  return isEmpty ? {} : (await readSplitBody(c, limits)).json
}

/** A model is served as its folder describes it, so whoever sends another description must not believe it was taken. */
function refuseParameters(given: Record<string, unknown> = {}): void {
  if (!Object.keys(given).some((key) => key === 'config' || key.startsWith('file:'))) return
  throw new ServiceError('invalid_input', 'A model is loaded as its folder describes it, and no other way.')
}

export function repositoryRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const read = readUntypedBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: [json] })

  routes.openAPIRegistry.registerPath(indexPath)
  routes.post(indexPath.getRoutingPath(), needs('read'), read, async (c) => {
    const { ready } = validBody(indexRequest, await readJson(c, context.jsonLimits))
    const entries = presentIndex(currentCatalogue(context))
    const wanted = ready === true ? entries.filter(({ state }) => state === 'READY') : entries
    return jsonResponse(c, JSON.stringify(wanted))
  })

  const kinds = { load: 'Load a model, or look at its folder again', unload: 'Stop serving a model' }
  for (const kind of ['load', 'unload'] as const) {
    for (const definition of changePaths(kind, kinds[kind])) {
      routes.openAPIRegistry.registerPath(definition)
      routes.post(definition.getRoutingPath(), needs('models'), read, async (c) => {
        refuseParameters(validBody(loadRequest, await readJson(c, context.jsonLimits)).parameters)
        await changeModel(context, c, { kind, model: modelIn(c) })
        return jsonResponse(c, '{}')
      })
    }
  }
  return routes
}
