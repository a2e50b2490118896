import { getPrediction } from '@augur/core/predictions/get-prediction'
import { isPredictionId } from '@augur/core/ids'
import {
  deliveriesOf,
  deliveryEvents,
  listDeliveries,
  mostSourcesLookedAt,
} from '@augur/core/webhooks/list-deliveries'
import { deliveryStates, eventOfDelivery, predictionOfDelivery } from '@augur/core/webhooks/delivery'
import { getDelivery, redeliver, replayExhausted } from '@augur/core/webhooks/redeliver'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import {
  deliveryListSchema,
  deliveryPageSchema,
  deliverySchema,
  replayDeliveriesBody,
  replayedSchema,
} from './delivery-schemas.js'
import { fromCursor, toCursor } from './page-cursor.js'
import { presentDelivery, presentListed } from './present-delivery.js'
import { baseUrlOf } from './present.js'

const mostPerPage = 100
const mostBytes = 1024
const json = 'application/json'
const byDelivery = z.object({ delivery: z.string() })
const delivery = answer('The delivery.', deliverySchema)

const ofPredictionPath = createRoute({
  method: 'get',
  path: '/predictions/{id}/deliveries',
  summary: 'List the deliveries of a prediction, in the order of its events',
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: answer('All of them.', deliveryListSchema), ...refusals('not_found', 'gone') },
})

const listPath = createRoute({
  method: 'get',
  path: '/deliveries',
  summary: 'List deliveries, by their predictions and batches from the newest on',
  description:
    `A page looks at ${mostSourcesLookedAt} predictions and batches: where few have the deliveries that are asked for, ` +
    'pages are short, or empty, until `next` is null.',
  request: {
    query: z.object({
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
      state: z.enum(deliveryStates).optional(),
    }),
  },
  responses: { 200: answer('A page.', deliveryPageSchema), ...refusals('invalid_request') },
})

const getPath = createRoute({
  method: 'get',
  path: '/deliveries/{delivery}',
  summary: 'Get a delivery with its attempts',
  request: { params: byDelivery },
  responses: { 200: delivery, ...refusals('not_found') },
})

const redeliverPath = createRoute({
  method: 'post',
  path: '/deliveries/{delivery}/redeliver',
  summary: 'Make a delivery once more, or now instead of later',
  description:
    'Its `webhook-id` stays. One that was delivered shows its prediction or batch as it is now; others their old body.',
  request: { params: byDelivery },
  responses: { 200: delivery, ...refusals('not_found', 'gone') },
})

const replayPath = createRoute({
  method: 'post',
  path: '/dead-letters/replay',
  summary: 'Make deliveries once more that were given up, oldest first',
  request: { body: { required: false, content: { [json]: { schema: replayDeliveriesBody } } } },
  responses: {
    200: answer('How many.', replayedSchema),
    ...refusals('invalid_json', 'invalid_input', 'payload_too_large', 'unsupported_media_type'),
  },
})

const isDeliveryId = (text: string) =>
  isPredictionId(predictionOfDelivery(text)) && deliveryEvents.has(eventOfDelivery(text))

export function deliveryRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()

  routes.openapi(ofPredictionPath, async (c) => {
    const own = asCaller(context, c, 'read')
    const { id } = await getPrediction(own, c.req.valid('param').id)
    const results = (await deliveriesOf(own, id)).map((view) => presentDelivery(view))
    return jsonResponse(c, JSON.stringify({ results }))
  })

  routes.openapi(listPath, async (c) => {
    const own = asCaller(context, c, 'read')
    const { cursor, limit, state } = c.req.valid('query')
    const after = cursor === undefined ? null : fromCursor(cursor, isDeliveryId)
    const page = await listDeliveries(own, { after, limit, state })
    const query = new URLSearchParams({ limit: String(limit), ...(state && { state }) })
    if (page.next !== null) query.set('cursor', toCursor(page.next))
    const next = page.next === null ? null : `${baseUrlOf(context, c)}/deliveries?${String(query)}`
    return jsonResponse(
      c,
      JSON.stringify({ next, previous: null, results: page.deliveries.map((view) => presentListed(view)) }),
    )
  })

  routes.openapi(getPath, async (c) => {
    const found = await getDelivery(asCaller(context, c, 'read'), c.req.valid('param').delivery)
    return jsonResponse(c, JSON.stringify(presentDelivery(found)))
  })

  routes.openapi(redeliverPath, async (c) => {
    const found = await redeliver(asCaller(context, c, 'webhooks'), c.req.valid('param').delivery)
    return jsonResponse(c, JSON.stringify(presentDelivery(found)))
  })

  routes.openAPIRegistry.registerPath(replayPath)
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: [json], isOptional: true })
  routes.post(replayPath.path, needs('webhooks'), read, async (c) => {
    const text = await c.req.text()
    const { limit } = validBody(replayDeliveriesBody, text === '' ? {} : parseJson(text))
    return jsonResponse(c, JSON.stringify(await replayExhausted(asCaller(context, c, 'webhooks'), limit)))
  })
  return routes
}
