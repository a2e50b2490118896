import { getPrediction } from '@augur/core/predictions/get-prediction'
import { isTerminal } from '@augur/core/predictions/prediction'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asReader } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { noContent } from '../json-response.js'
import { streamEvents } from '../sse/stream-events.js'
import { followPrediction, hasUntold } from './follow-prediction.js'

const streamPath = createRoute({
  method: 'get',
  path: '/predictions/{id}/stream',
  summary: "Read a prediction's events as they happen, from the first",
  description:
    'Events are `logs`, `output`, `error` and `done`, each with an id; after `done` the stream ends. A ticket, as in `urls.stream`, stands for a key.',
  request: {
    params: z.object({ id: z.string() }),
    query: z.object({
      ticket: z.string().max(300).optional(),
      status: z
        .enum(['true', 'false'])
        .optional()
        .openapi({ description: 'Whether there are events `status` as well, until it ends.' }),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .max(100)
        .optional()
        .openapi({ description: 'The last event that was seen; the stream goes on after it.' }),
    }),
  },
  responses: {
    200: { description: 'The events.', content: { 'text/event-stream': { schema: z.string() } } },
    204: { description: 'Nothing is left to be told.' },
    ...refusals('invalid_request', 'not_found', 'gone', 'quota_exceeded', 'overloaded'),
  },
})

export function streamRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(streamPath, async (c) => {
    const { id } = c.req.valid('param')
    const own = asReader(context, c, 'stream', id)
    const withStatus = c.req.valid('query').status === 'true'
    const lastEventId = c.req.valid('header')['last-event-id']
    const prediction = await getPrediction(own, id)
    // A browser comes back until it is told with this status that it need not.
    if (lastEventId !== undefined && isTerminal(prediction.status)) {
      if (!(await hasUntold(own, prediction, lastEventId, c.req.raw.signal))) return noContent(c)
    }
    return streamEvents(own, c, (signal) =>
      followPrediction(own, prediction, { lastEventId, withStatus, signal }),
    )
  })
  return routes
}
