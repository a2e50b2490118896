import { createFile, discardContent } from '@augur/core/files/create-file'
import { deleteFile } from '@augur/core/files/delete-file'
import { getFile } from '@augur/core/files/get-file'
import { listFiles } from '@augur/core/files/list-files'
import { fileTooLarge, receiveContent } from '@augur/core/files/receive-content'
import { isFileId } from '@augur/core/ids'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { asCaller, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse, noContent } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { createHeaders } from './create-documentation.js'
import { answerDownload, downloadDocumentation } from './download-file.js'
import { nameOf, readMetadata } from './file-metadata.js'
import { fileForm, filePageSchema, fileSchema } from './file-schemas.js'
import { idempotencyOf } from '../idempotency-key.js'
import { fromCursor, toCursor } from './page-cursor.js'
import { baseUrlOf, presentPage } from './present.js'
import { presentFile } from './present-file.js'
import { readUploadForm } from './upload-form.js'
import { UploadPlaces } from './upload-places.js'

const byId = z.object({ id: z.string() })
const mostPerPage = 100
const notThere = ['not_found', 'gone'] as const

const createPath = createRoute({
  method: 'post',
  path: '/files',
  summary: 'Upload a file',
  parameters: createHeaders.filter(({ name }) => name === 'Idempotency-Key'),
  request: { body: { required: true, content: { 'multipart/form-data': { schema: fileForm } } } },
  responses: {
    201: answer('Stored.', fileSchema),
    ...refusals(
      'invalid_request',
      'idempotency_in_progress',
      'gone',
      'payload_too_large',
      'unsupported_media_type',
      'invalid_input',
      'idempotency_mismatch',
      'quota_exceeded',
      'overloaded',
    ),
  },
})

const listPath = createRoute({
  method: 'get',
  path: '/files',
  summary: 'List files, newest first',
  request: {
    query: z.object({
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
    }),
  },
  responses: { 200: answer('A page.', filePageSchema), ...refusals('invalid_request') },
})

const getPath = createRoute({
  method: 'get',
  path: '/files/{id}',
  summary: 'Get what is known of a file',
  request: { params: byId },
  responses: { 200: answer('The file, without its bytes.', fileSchema), ...refusals(...notThere) },
})

const deletePath = createRoute({
  method: 'delete',
  path: '/files/{id}',
  summary: 'Delete a file',
  request: { params: byId },
  responses: { 204: { description: 'It is gone.' }, ...refusals(...notThere) },
})

/** Room for the other parts of the form, and for what is between them. */
const formBytes = 64 * 1024

/** Takes the form as it comes. */
async function answerUpload(context: CallerContext, c: Context<ApiEnv>): Promise<Response> {
  const { maxBytes } = context.fileLimits
  if (Number(c.req.header('content-length') ?? 0) > maxBytes + formBytes) throw fileTooLarge(maxBytes)
  const { content, ...form } = await readUploadForm(
    c,
    (bytes, type) => receiveContent(context, bytes, type),
    (received) => discardContent(context, received),
  )
  const discarding = async (error: unknown) => {
    await discardContent(context, content)
    throw error
  }
  const about = await describe(context, c, form, content.sha256).catch(discarding)
  const { file, replayed } = await createFile(context, content, about)
  const baseUrl = baseUrlOf(context, c)
  const headers = {
    location: `${baseUrl}/files/${file.id}`,
    ...(replayed && { 'idempotency-replayed': 'true' }),
  }
  return jsonResponse(c, JSON.stringify(presentFile(context, file, baseUrl)), 201, headers)
}

async function describe(
  context: CallerContext,
  c: Context,
  form: { name: string | undefined; metadata: string | undefined },
  sha256: string,
) {
  const [name, metadata] = [nameOf(form.name), readMetadata(form.metadata, context.jsonLimits)]
  return { name, metadata, idempotency: idempotencyOf(c, () => JSON.stringify([sha256, name, metadata])) }
}

export function fileRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()

  const places = new UploadPlaces()
  routes.openAPIRegistry.registerPath(createPath)
  routes.post(createPath.path, needs('predict'), async (c) => {
    const own = asCaller(context, c, 'predict')
    return places.within(own.tenant, () => answerUpload(own, c))
  })

  routes.openapi(listPath, async (c) => {
    const { cursor, limit } = c.req.valid('query')
    const own = asCaller(context, c, 'read')
    const page = await listFiles(own, cursor === undefined ? null : fromCursor(cursor, isFileId), limit)
    const baseUrl = baseUrlOf(context, c)
    const next = page.next && `${baseUrl}/files?cursor=${toCursor(page.next)}&limit=${limit}`
    const results = page.files.map((file) => JSON.stringify(presentFile(context, file, baseUrl)))
    return jsonResponse(c, presentPage(results, next))
  })

  routes.openapi(getPath, async (c) => {
    const file = await getFile(asCaller(context, c, 'read'), c.req.valid('param').id)
    return jsonResponse(c, JSON.stringify(presentFile(context, file, baseUrlOf(context, c))))
  })

  routes.openapi(deletePath, async (c) => {
    await deleteFile(asCaller(context, c, 'predict'), c.req.valid('param').id)
    return noContent(c)
  })

  routes.openAPIRegistry.registerPath(downloadDocumentation)
  routes.get('/files/:id/download', (c) => answerDownload(context, c, c.req.param('id')))
  return routes
}
