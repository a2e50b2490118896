import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { answerCreate } from './create.js'
import { cancelAfterHeader, createHeaders, createRefusals } from './create-documentation.js'
import { createByModelBody, predictionSchema } from './schemas.js'

interface CreateByName {
  /** With `{owner}` and `{name}`. */
  path: string
  summary: string
  /** The stable version of what is named. @throws ServiceError `not_found` */
  stable(model: string): CatalogueVersion
  /** Whether what is named is the deployment of a model. */
  isDeployment?: boolean
}

/** A route that creates predictions of what its path names, as the rollout of that model divides its traffic. */
export function createByNameRoute(
  context: ApiContext,
  { path, summary, stable, isDeployment = false }: CreateByName,
): OpenAPIHono<ApiEnv> {
  const route = createRoute({
    method: 'post',
    path,
    summary,
    parameters: [...createHeaders, cancelAfterHeader],
    request: {
      params: z.object({ owner: z.string(), name: z.string() }),
      body: { required: true, content: { 'application/json': { schema: createByModelBody } } },
    },
    responses: {
      201: answer('Created, and ended if it was waited for.', predictionSchema),
      202: answer('Created, and not ended within the time to wait.', predictionSchema),
      ...refusals(...createRefusals, 'not_found', 'url_not_allowed'),
    },
  })
  const routes = createRoutes()
  const read = readBody({ ...context.bodyLimits, accept: ['application/json'] })
  routes.openAPIRegistry.registerPath(route)
  routes.post(route.getRoutingPath(), needs('predict'), read, async (c) => {
    const model = `${c.req.param('owner')}/${c.req.param('name')}`
    const body = validBody(createByModelBody, parseJson(await c.req.text()))
    const choose = () => assign(context, c, stable(model), body.input)
    return answerCreate(context, c, body, choose, isDeployment)
  })
  return routes
}
