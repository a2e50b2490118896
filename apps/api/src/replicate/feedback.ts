import { giveFeedback } from '@augur/core/rollouts/give-feedback'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { answerPieces } from '../json-pieces.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { baseUrlOf, presentPieces } from './present.js'
import { predictionSchema } from './schemas.js'

const mostBytes = 4096

const feedbackBody = z
  .union([
    z.strictObject({ label: z.string().min(1).max(1000) }),
    z.strictObject({ score: z.number().min(-1e9).max(1e9) }),
  ])
  .openapi('Feedback')

const feedbackPath = createRoute({
  method: 'post',
  path: '/predictions/{id}/feedback',
  summary: 'Say what was right for a prediction that has ended, or how good it was',
  request: {
    params: z.object({ id: z.string() }),
    body: { required: true, content: { 'application/json': { schema: feedbackBody } } },
  },
  responses: {
    200: answer('The prediction with its feedback.', predictionSchema),
    ...refusals('invalid_json', 'invalid_input', 'not_found', 'gone', 'prediction_open'),
  },
})

export function feedbackRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openAPIRegistry.registerPath(feedbackPath)
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: ['application/json'] })
  routes.post(feedbackPath.getRoutingPath(), needs('predict'), read, async (c) => {
    const given = validBody(feedbackBody, parseJson(await c.req.text()))
    const own = asCaller(context, c, 'predict')
    const prediction = await giveFeedback(own, c.req.param('id') ?? '', given)
    return answerPieces(context, c, await presentPieces(own, prediction, baseUrlOf(context, c)))
  })
  return routes
}
