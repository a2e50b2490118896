import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { Rollout } from '@augur/core/rollouts/rollout'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { allow } from '../as-caller.js'
import { assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { answerCreate } from './create.js'
import { cancelAfterHeader, createHeaders, createRefusals } from './create-documentation.js'
import {
  createByModelBody,
  deploymentPageSchema,
  deploymentSchema,
  predictionSchema,
  type WireDeployment,
} from './schemas.js'

const byName = z.object({ owner: z.string(), name: z.string() })

const listPath = createRoute({
  method: 'get',
  path: '/deployments',
  summary: 'List deployments: the models that have a rollout',
  responses: { 200: answer('All of them.', deploymentPageSchema), ...refusals() },
})

const getPath = createRoute({
  method: 'get',
  path: '/deployments/{owner}/{name}',
  summary: 'Get a deployment: the stable version of a model that has a rollout',
  request: { params: byName },
  responses: { 200: answer('The deployment.', deploymentSchema), ...refusals('not_found') },
})

const createPath = createRoute({
  method: 'post',
  path: '/deployments/{owner}/{name}/predictions',
  summary: 'Create a prediction of a deployment, as its rollout says',
  parameters: [...createHeaders, cancelAfterHeader],
  request: {
    params: byName,
    body: { required: true, content: { 'application/json': { schema: createByModelBody } } },
  },
  responses: {
    201: answer('Created, and ended if it was waited for.', predictionSchema),
    202: answer('Created, and not ended within the time to wait.', predictionSchema),
    ...refusals(...createRefusals, 'not_found', 'url_not_allowed'),
  },
})

const noSuch = () => new ServiceError('not_found', 'There is no such deployment.')

/** A rollout in the words of the contract: what is released is its stable version. */
async function present(context: ApiContext, catalogue: Catalogue, rollout: Rollout): Promise<WireDeployment> {
  const { model, revision, stable } = rollout
  const [owner = '', name = ''] = model.split('/')
  const [last] = await context.rollouts.history(model, 1)
  const actor = last?.actor ?? 'local'
  return {
    owner,
    name,
    current_release: {
      number: revision,
      model,
      version: stable,
      created_at: new Date(last?.at ?? 0).toISOString(),
      created_by: { type: 'organization', username: actor, name: actor },
      configuration: {
        hardware: 'workers',
        min_instances: 0,
        max_instances: catalogue.statesOf(stable).length,
      },
    },
  }
}

export function deploymentRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()

  routes.openapi(listPath, async (c) => {
    allow(c, 'read')
    const catalogue = currentCatalogue(context)
    const results = catalogue.rolledOut().map((rollout) => present(context, catalogue, rollout))
    return jsonResponse(
      c,
      JSON.stringify({ next: null, previous: null, results: await Promise.all(results) }),
    )
  })

  routes.openapi(getPath, async (c) => {
    allow(c, 'read')
    const { owner, name } = c.req.valid('param')
    const catalogue = currentCatalogue(context)
    const rollout = catalogue.rollout(`${owner}/${name}`)
    if (rollout === undefined) throw noSuch()
    return jsonResponse(c, JSON.stringify(await present(context, catalogue, rollout)))
  })

  const maxBytes = context.settings.AUGUR_MAX_BODY_BYTES
  routes.openAPIRegistry.registerPath(createPath)
  routes.post(
    createPath.getRoutingPath(),
    needs('predict'),
    readBody({ maxBytes, accept: ['application/json'] }),
    async (c) => {
      const { owner, name } = c.req.param()
      const model = `${owner}/${name}`
      const body = validBody(createByModelBody, parseJson(await c.req.text()))
      return answerCreate(context, c, body, () => {
        const catalogue = currentCatalogue(context)
        const version = catalogue.rollout(model) && catalogue.stable(model)
        if (version === undefined) throw noSuch()
        return assign(context, c, version, body.input)
      })
    },
  )

  return routes
}
