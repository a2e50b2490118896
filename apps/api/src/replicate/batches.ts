import { cancelBatch } from '@augur/core/batches/cancel-batch'
import { batchOutputs, type BatchOutput } from '@augur/core/batches/chunk-files'
import { getBatch } from '@augur/core/batches/get-batch'
import { listBatches } from '@augur/core/batches/list-batches'
import { readOutput } from '@augur/core/batches/read-output'
import { renderBatch } from '@augur/core/batches/render-batch'
import { ServiceError } from '@augur/core/errors'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asCaller, asReader, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { guards, jsonResponse, requestHeaders } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { mediaTypeOf, readBody, refuseOtherTypes } from '../middleware/read-body.js'
import { streamEvents } from '../sse/stream-events.js'
import { batchBody, batchPageSchema, batchQueryFields, batchSchema } from './batch-schemas.js'
import { createFromJson, createFromLines } from './create-batch.js'
import { createHeaders, createRefusals } from './create-documentation.js'
import { followBatch } from './follow-batch.js'
import { fromCursor, toCursor } from './page-cursor.js'
import { baseUrlOf, presentPage } from './present.js'

const mostPerPage = 100
const json = 'application/json'
const jsonLines = ['application/jsonl', 'application/x-ndjson'] as const
const byId = z.object({ batch: z.string() })
const withTicket = z.object({ ticket: z.string().max(300).optional() })
const linesSchema = {
  type: 'string' as const,
  description: 'JSON Lines: in each an object with `input` and, if wanted, `custom_id`.',
}

const createPath = createRoute({
  method: 'post',
  path: '/batches',
  summary: 'Create a batch of predictions',
  description:
    'From one JSON object, or from JSON Lines of any length with the options in the query. Lines are checked as they ' +
    'come; one that is not valid fails alone.',
  parameters: createHeaders.filter(({ name }) => name === 'Idempotency-Key'),
  request: {
    query: batchQueryFields,
    body: {
      required: true,
      content: {
        [jsonLines[0]]: { schema: linesSchema },
        [jsonLines[1]]: { schema: linesSchema },
        [json]: { schema: batchBody },
      },
    },
  },
  responses: {
    201: answer('Created.', batchSchema),
    ...refusals(...createRefusals, 'gone', 'unknown_version', 'url_not_allowed'),
  },
})

const listPath = createRoute({
  method: 'get',
  path: '/batches',
  summary: 'List batches, newest first',
  request: {
    query: z.object({
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
    }),
  },
  responses: { 200: answer('A page.', batchPageSchema), ...refusals('invalid_request') },
})

const getPath = createRoute({
  method: 'get',
  path: '/batches/{batch}',
  summary: 'Get a batch',
  request: { params: byId },
  responses: { 200: answer('The batch.', batchSchema), ...refusals('not_found', 'gone') },
})

const cancelPath = createRoute({
  method: 'post',
  path: '/batches/{batch}/cancel',
  summary: 'Cancel a batch; what is finished is kept, and one that has ended stays as it is',
  request: { params: byId },
  responses: { 200: answer('The batch.', batchSchema), ...refusals('not_found', 'gone') },
})

const outputPath = (output: BatchOutput) =>
  createRoute({
    method: 'get',
    path: `/batches/{batch}/${output}`,
    summary: `Download the ${output} of a batch as JSON Lines, in the order of its lines`,
    description: 'Before its end: what is finished so far. A ticket, as in `urls`, stands for a key.',
    request: { params: byId, query: withTicket },
    responses: {
      200: { description: 'The lines.', content: { [jsonLines[0]]: { schema: z.string() } } },
      ...refusals('not_found', 'gone'),
    },
  })

const streamPath = createRoute({
  method: 'get',
  path: '/batches/{batch}/stream',
  summary: 'Read the progress of a batch as it happens',
  description: 'Events are `progress` and, last, `done` with the batch. A ticket stands for a key.',
  request: { params: byId, query: withTicket },
  responses: {
    200: { description: 'The events.', content: { 'text/event-stream': { schema: z.string() } } },
    ...refusals('not_found', 'gone', 'quota_exceeded', 'overloaded'),
  },
})

async function answerOutput(
  context: CallerContext,
  c: Context<ApiEnv>,
  id: string,
  output: BatchOutput,
): Promise<Response> {
  const batch = await getBatch(context, id)
  if (batch.dataRemoved) throw new ServiceError('gone', 'The lines of this batch are removed.')
  return new Response(ReadableStream.from(readOutput(context, batch, output)), {
    headers: {
      'content-type': jsonLines[0],
      'content-disposition': `attachment; filename="${id}.${output}.jsonl"`,
      ...guards,
      ...requestHeaders(c),
    },
  })
}

export function batchRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const { tickets } = context
  const readJson = readBody({ ...context.bodyLimits, accept: [json] })

  // Validated by hand: a body of JSON Lines is read line by line, and never as a whole.
  routes.openAPIRegistry.registerPath(createPath)
  routes.post(
    createPath.path,
    needs('predict'),
    (c, next) => (mediaTypeOf(c) === json ? readJson(c, next) : next()),
    (c) => {
      refuseOtherTypes(c, [json, ...jsonLines])
      return mediaTypeOf(c) === json ? createFromJson(context, c) : createFromLines(context, c)
    },
  )

  routes.openapi(listPath, async (c) => {
    const { cursor, limit } = c.req.valid('query')
    const before = cursor === undefined ? null : fromCursor(cursor)
    const page = await listBatches(asCaller(context, c, 'read'), before, limit)
    const baseUrl = baseUrlOf(context, c)
    const next = page.next && `${baseUrl}/batches?cursor=${toCursor(page.next)}&limit=${limit}`
    const results = page.batches.map((batch) => renderBatch(batch, { baseUrl, tickets }))
    return jsonResponse(c, presentPage(results, next))
  })

  routes.openapi(getPath, async (c) => {
    const batch = await getBatch(asCaller(context, c, 'read'), c.req.valid('param').batch)
    return jsonResponse(c, renderBatch(batch, { baseUrl: baseUrlOf(context, c), tickets }))
  })

  routes.openapi(cancelPath, async (c) => {
    const batch = await cancelBatch(asCaller(context, c, 'predict'), c.req.valid('param').batch)
    return jsonResponse(c, renderBatch(batch, { baseUrl: baseUrlOf(context, c), tickets }))
  })

  for (const output of batchOutputs) {
    const documented = outputPath(output)
    routes.openAPIRegistry.registerPath(documented)
    routes.get(documented.getRoutingPath(), (c) => {
      const id = c.req.param('batch') ?? ''
      return answerOutput(asReader(context, c, 'batch', id), c, id, output)
    })
  }

  routes.openapi(streamPath, async (c) => {
    const id = c.req.valid('param').batch
    const own = asReader(context, c, 'batch', id)
    await getBatch(own, id)
    return streamEvents(own, c, (signal) => followBatch(own, id, baseUrlOf(context, c), signal))
  })
  return routes
}
