import { findReplay } from '@augur/core/predictions/create-prediction'
import { getPrediction } from '@augur/core/predictions/get-prediction'
import { retryPrediction } from '@augur/core/predictions/retry-prediction'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { answerCreated } from './answer-created.js'
import { cancelAfterHeader, createHeaders, createRefusals } from './create-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { parsePrefer } from './prefer-header.js'
import { predictionSchema } from './schemas.js'
import { deadlineOf } from './terms.js'

const mostBytes = 1024

const retryPath = createRoute({
  method: 'post',
  path: '/predictions/{id}/retry',
  summary: 'Submit a prediction that has ended once more, as a new one',
  parameters: [...createHeaders, cancelAfterHeader],
  request: { params: z.object({ id: z.string() }) },
  responses: {
    201: answer('Created, and ended if it was waited for.', predictionSchema),
    202: answer('Created, and not ended within the time to wait.', predictionSchema),
    ...refusals(
      ...createRefusals,
      'not_found',
      'prediction_open',
      'input_removed',
      'unknown_version',
      'url_not_allowed',
    ),
  },
})

/** Everything about the new prediction is in the old one. */
const noFields = z.strictObject({})

export function retryRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openAPIRegistry.registerPath(retryPath)
  const read = readBody({
    ...context.jsonLimits,
    maxBytes: mostBytes,
    accept: ['application/json'],
    isOptional: true,
  })
  routes.post(retryPath.getRoutingPath(), needs('predict'), read, async (c) => {
    const own = asCaller(context, c, 'predict')
    const text = await c.req.text()
    if (text !== '') validBody(noFields, parseJson(text))
    const hold = parsePrefer(c.req.header('prefer'), context.settings.AUGUR_MAX_WAIT_SECONDS)
    if (hold !== null) own.waiting.refuseTooMany(own.tenant)
    const idempotency = idempotencyOf(c, () => text)
    const deadlineAt = deadlineOf(c, context.now())
    const retry = async () => {
      const original = await getPrediction(own, c.req.param('id') ?? '')
      const version = currentCatalogue(context).resolve(original.version)
      const byDefault = original.class === 'batch' ? 'batch' : 'submission'
      const terms = { class: hold === null ? byDefault : 'waiting', deadlineAt, idempotency } as const
      return retryPrediction(own, original, version, terms)
    }
    return answerCreated(own, c, (await findReplay(own, idempotency)) ?? (await retry()), hold)
  })
  return routes
}
