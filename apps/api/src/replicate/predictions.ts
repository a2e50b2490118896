import { cancelPrediction } from '@augur/core/predictions/cancel-prediction'
import { getPrediction } from '@augur/core/predictions/get-prediction'
import { listPredictions, mostLookedAt } from '@augur/core/predictions/list-predictions'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import { asNamed, assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answerPieces } from '../json-pieces.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { answer, refusals } from '../documentation.js'
import { answerCreate } from './create.js'
import { cancelAfterHeader, createHeaders, createRefusals } from './create-documentation.js'
import { holdUntilEnd } from '../hold.js'
import { listQuery, nextQuery, pageOf, readListQuery } from './list-query.js'
import { parseWaitSeconds } from './prefer-header.js'
import { baseUrlOf, pagePieces, presentPieces } from './present.js'
import { presentWithin } from './present-within.js'
import { createBody, predictionPageSchema, predictionSchema } from './schemas.js'

const byId = z.object({ id: z.string() })

const createPath = createRoute({
  method: 'post',
  path: '/predictions',
  summary: 'Create a prediction',
  parameters: [...createHeaders, cancelAfterHeader],
  request: { body: { required: true, content: { 'application/json': { schema: createBody } } } },
  responses: {
    201: answer('Created, and ended if it was waited for.', predictionSchema),
    202: answer('Created, and not ended within the time to wait.', predictionSchema),
    ...refusals(...createRefusals, 'unknown_version', 'url_not_allowed'),
  },
})

const listPath = createRoute({
  method: 'get',
  path: '/predictions',
  summary: 'List predictions, newest first',
  description:
    `A filter looks at ${mostLookedAt} predictions for a page: one that matches little answers short pages, or empty ` +
    'ones, until `next` is null. So does a page whose predictions come to more than 16 MB.',
  request: { query: listQuery },
  responses: { 200: answer('A page.', predictionPageSchema), ...refusals('invalid_request') },
})

const getPath = createRoute({
  method: 'get',
  path: '/predictions/{id}',
  summary: 'Get a prediction, after waiting for its end if asked to',
  // Both are looked at by who uses them; the route that is polled does without a validator for two plain strings.
  parameters: [
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    {
      name: 'wait',
      in: 'query',
      description: 'Whole seconds to wait for the end at most.',
      schema: { type: 'string' },
    },
  ],
  responses: {
    200: answer('The prediction as it is.', predictionSchema),
    ...refusals('invalid_request', 'not_found', 'gone', 'quota_exceeded', 'overloaded'),
  },
})

const cancelPath = createRoute({
  method: 'post',
  path: '/predictions/{id}/cancel',
  summary: 'Cancel a prediction; one that has ended stays as it is',
  request: { params: byId },
  responses: { 200: answer('The prediction.', predictionSchema), ...refusals('not_found', 'gone') },
})

/** `owner/name`, without a version. */
const namesModelOnly = (reference: string) => reference.includes('/') && !reference.includes(':')

export function predictionRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const { AUGUR_MAX_WAIT_SECONDS: maxSeconds } = context.settings

  routes.openAPIRegistry.registerPath(createPath)
  const read = readBody({ ...context.bodyLimits, accept: ['application/json'] })
  routes.post(createPath.path, needs('predict'), read, async (c) => {
    const { version, ...body } = validBody(createBody, parseJson(await c.req.text()))
    return answerCreate(context, c, body, () => {
      const resolved = currentCatalogue(context).resolve(version)
      return namesModelOnly(version) ? assign(context, c, resolved, body.input) : asNamed(resolved)
    })
  })

  // Validated by hand: Hono's validators know no parameters with keys in brackets.
  routes.openAPIRegistry.registerPath(listPath)
  routes.get(listPath.path, async (c) => {
    const query = readListQuery(c.req.query())
    const page = await listPredictions(asCaller(context, c, 'read'), pageOf(query))
    const baseUrl = baseUrlOf(context, c)
    // Not all at once: each may have an input and an output of many megabytes.
    const { results, next: last } = await presentWithin(page.predictions, page.next, (prediction) =>
      presentPieces(context, prediction, baseUrl),
    )
    const next = last && `${baseUrl}/predictions?${nextQuery(query, last)}`
    return answerPieces(context, c, pagePieces(results, next))
  })

  routes.openapi(getPath, async (c) => {
    const own = asCaller(context, c, 'read')
    const id = c.req.param('id')
    const wait = c.req.query('wait')
    const seconds = wait === undefined ? 0 : parseWaitSeconds(wait, maxSeconds)
    if (seconds > 0) own.waiting.refuseTooMany(own.tenant)
    const prediction = seconds === 0 ? await getPrediction(own, id) : await holdUntilEnd(own, c, id, seconds)
    return answerPieces(context, c, await presentPieces(context, prediction, baseUrlOf(context, c)))
  })

  routes.openapi(cancelPath, async (c) => {
    const prediction = await cancelPrediction(asCaller(context, c, 'predict'), c.req.valid('param').id)
    return answerPieces(context, c, await presentPieces(context, prediction, baseUrlOf(context, c)))
  })

  return routes
}
