import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { Rollout } from '@augur/core/rollouts/rollout'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { createByNameRoute } from './create-by-name.js'
import { deploymentPageSchema, deploymentSchema, type WireDeployment } from './schemas.js'

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

  return routes.route('/', createOf(context))
}

/** Predictions of a deployment are those of its model. */
function createOf(context: ApiContext): OpenAPIHono<ApiEnv> {
  return createByNameRoute(context, {
    path: '/deployments/{owner}/{name}/predictions',
    summary: 'Create a prediction of a deployment, as its rollout says',
    isDeployment: true,
    stable(model) {
      const catalogue = currentCatalogue(context)
      const version = catalogue.rollout(model) && catalogue.stable(model)
      if (version === undefined) throw noSuch()
      return version
    },
  })
}
