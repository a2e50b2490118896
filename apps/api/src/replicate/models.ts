import { isKeyNeeded } from '@augur/core/access/is-key-needed'
import { ServiceError } from '@augur/core/errors'
import { modelTag } from '@augur/core/ids'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { JsonText } from '@augur/core/predictions/prediction'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { createByNameRoute } from './create-by-name.js'
import { describeModel } from './describe-model.js'
import { baseUrlOf } from './present.js'
import { presentModel, presentVersion } from './present-model.js'
import { modelPageSchema, modelSchema, versionPageSchema, versionSchema, type WireModel } from './schemas.js'

const byModel = z.object({ owner: z.string(), name: z.string() })
const byVersion = byModel.extend({ version: z.string() })

const listPath = createRoute({
  method: 'get',
  path: '/models',
  summary: 'List models',
  responses: { 200: answer('All models.', modelPageSchema), ...refusals() },
})

const getPath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}',
  summary: 'Get a model',
  request: { params: byModel },
  responses: { 200: answer('The model.', modelSchema), ...refusals('not_found') },
})

const versionsPath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}/versions',
  summary: 'List the versions of a model, newest first',
  request: { params: byModel },
  responses: { 200: answer('All versions.', versionPageSchema), ...refusals('not_found') },
})

const versionPath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}/versions/{version}',
  summary: 'Get a version by its id or label',
  request: { params: byVersion },
  responses: { 200: answer('The version.', versionSchema), ...refusals('not_found') },
})

const describePath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}/openapi.json',
  summary: 'Describe a model with its own input and output, as OpenAPI',
  request: { params: byModel, query: z.object({ version: z.string().max(300).optional() }) },
  responses: {
    200: answer('OpenAPI 3.1 of its stable version, or of the one that is named.', z.looseObject({})),
    ...refusals('invalid_request', 'not_found'),
  },
})

const page = <T>(results: T[]) => ({ next: null, previous: null, results })
const noSuch = (what: string) => new ServiceError('not_found', `There is no such ${what}.`)

/** @throws ServiceError `not_found` where nothing is known of the model, not even why it is not served */
function knowing(context: ApiContext, model: string): Catalogue {
  const catalogue = currentCatalogue(context)
  if (!catalogue.models().includes(model)) throw noSuch('model')
  return catalogue
}

async function modelOf(context: ApiContext, model: string, baseUrl: string): Promise<WireModel> {
  const catalogue = knowing(context, model)
  // Removed versions have run as well.
  const versions = catalogue.all.filter((version) => version.model === model)
  const counts = versions.map(({ id }) => context.predictions.counts(modelTag(model), id))
  const runCount = (await Promise.all(counts)).reduce((sum, { accepted }) => sum + accepted, 0)
  return presentModel({ catalogue, model, runCount, baseUrl })
}

export async function modelsOf(
  context: ApiContext,
  models: readonly string[],
  baseUrl: string,
): Promise<WireModel[]> {
  return Promise.all(models.map((model) => modelOf(context, model, baseUrl)))
}

/** All of these models as one page. */
export async function presentModels(
  context: ApiContext,
  models: readonly string[],
  baseUrl: string,
): Promise<JsonText> {
  return JSON.stringify(page(await modelsOf(context, models, baseUrl)))
}

export function modelRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()

  routes.openapi(listPath, async (c) => {
    allow(c, 'read')
    const models = currentCatalogue(context).models()
    return jsonResponse(c, await presentModels(context, models, baseUrlOf(context, c)))
  })

  routes.openapi(getPath, async (c) => {
    allow(c, 'read')
    const { owner, name } = c.req.valid('param')
    return jsonResponse(c, JSON.stringify(await modelOf(context, `${owner}/${name}`, baseUrlOf(context, c))))
  })

  routes.openapi(versionsPath, (c) => {
    allow(c, 'read')
    const { owner, name } = c.req.valid('param')
    const catalogue = knowing(context, `${owner}/${name}`)
    const versions = catalogue.versionsOf(`${owner}/${name}`)
    return jsonResponse(
      c,
      JSON.stringify(page(versions.map((version) => presentVersion(catalogue, version)))),
    )
  })

  routes.openapi(versionPath, (c) => {
    allow(c, 'read')
    const { owner, name, version: wanted } = c.req.valid('param')
    const catalogue = currentCatalogue(context)
    const version = catalogue.versionOf(`${owner}/${name}`, wanted)
    if (version === undefined) throw noSuch('version')
    return jsonResponse(c, JSON.stringify(presentVersion(catalogue, version)))
  })

  routes.openapi(describePath, (c) => {
    allow(c, 'read')
    const { owner, name } = c.req.valid('param')
    const { version: wanted } = c.req.valid('query')
    const catalogue = knowing(context, `${owner}/${name}`)
    const isPinned = wanted !== undefined
    const version = isPinned
      ? catalogue.versionOf(`${owner}/${name}`, wanted)
      : catalogue.stable(`${owner}/${name}`)
    if (version === undefined) throw noSuch('version')
    const options = {
      baseUrl: baseUrlOf(context, c),
      isKeyNeeded: isKeyNeeded(context.settings),
      isPinned,
    }
    return jsonResponse(c, JSON.stringify(describeModel(version, options)))
  })

  const create = createByNameRoute(context, {
    path: '/models/{owner}/{name}/predictions',
    summary: 'Create a prediction of the stable version of a model',
    stable(model) {
      const version = currentCatalogue(context).stable(model)
      if (version === undefined) throw noSuch('model')
      return version
    },
  })
  return routes.route('/', create)
}
