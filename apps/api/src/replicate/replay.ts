import type { Catalogue, CatalogueVersion } from '@augur/core/models/catalogue'
import { findReplay } from '@augur/core/predictions/create-prediction'
import { getPrediction } from '@augur/core/predictions/get-prediction'
import { replayPrediction } from '@augur/core/predictions/replay-prediction'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { answerCreated } from './answer-created.js'
import { webhookOf } from './create.js'
import { cancelAfterHeader, createHeaders, createRefusals } from './create-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { parsePrefer } from './prefer-header.js'
import { predictionSchema, replayBody } from './schemas.js'
import { deadlineOf } from './terms.js'

const mostBytes = 16 * 1024

const replayPath = createRoute({
  method: 'post',
  path: '/predictions/{id}/replay',
  summary: 'Submit the input of a prediction to another version',
  parameters: [...createHeaders, cancelAfterHeader],
  request: {
    params: z.object({ id: z.string() }),
    body: { required: true, content: { 'application/json': { schema: replayBody } } },
  },
  responses: {
    201: answer('Created, and ended if it was waited for.', predictionSchema),
    202: answer('Created, and not ended within the time to wait.', predictionSchema),
    ...refusals(...createRefusals, 'not_found', 'input_removed', 'unknown_version', 'url_not_allowed'),
  },
})

/** A label means the original's own model first, where other models may have it too. */
function chooseVersion(catalogue: Catalogue, model: string, wanted: string): CatalogueVersion {
  const ofModel = catalogue.versionOf(model, wanted)
  return catalogue.resolve(ofModel ? ofModel.id : wanted)
}

export function replayRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openAPIRegistry.registerPath(replayPath)
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: ['application/json'] })
  routes.post(replayPath.getRoutingPath(), needs('predict'), read, async (c) => {
    const own = asCaller(context, c, 'predict')
    const text = await c.req.text()
    const { version, ...webhook } = validBody(replayBody, parseJson(text))
    const hold = parsePrefer(c.req.header('prefer'), context.settings.AUGUR_MAX_WAIT_SECONDS)
    if (hold !== null) own.waiting.refuseTooMany(own.tenant)
    const idempotency = idempotencyOf(c, () => text)
    const deadlineAt = deadlineOf(c, context.now())
    const replay = async () => {
      const original = await getPrediction(own, c.req.param('id') ?? '')
      const wanted = chooseVersion(currentCatalogue(context), original.model, version)
      const terms = { class: hold === null ? 'submission' : 'waiting', deadlineAt, idempotency } as const
      return replayPrediction(own, original, wanted, { ...terms, ...webhookOf(c, webhook) })
    }
    return answerCreated(own, c, (await findReplay(own, idempotency)) ?? (await replay()), hold)
  })
  return routes
}
