import { getFile } from '@augur/core/files/get-file'
import { fileKey, type StoredFile } from '@augur/core/files/stored-file'
import { ServiceError } from '@augur/core/errors'
import { isPredictionId } from '@augur/core/ids'
import { getPrediction } from '@augur/core/predictions/get-prediction'
import type { RouteConfig } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { asReader, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { requestHeaders } from '../json-response.js'

export const downloadDocumentation: RouteConfig = {
  method: 'get',
  path: '/files/{id}/download',
  summary: 'Download a file, by the ticket in its URL or with a key',
  parameters: [
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    { name: 'ticket', in: 'query', description: 'As `urls.download` has it.', schema: { type: 'string' } },
  ],
  responses: {
    200: {
      description: 'The bytes.',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
    ...refusals('not_found', 'gone'),
  },
}

/** Answers the bytes of a file as they come from where they are kept. */
export async function answerDownload(api: ApiContext, c: Context<ApiEnv>, id: string): Promise<Response> {
  const context = asReader(api, c, 'file', id)
  if (isPredictionId(id)) return answerOutput(context, c, id)
  const file = await getFile(context, id)
  const headers = { ...headersOf(file), ...requestHeaders(c) }
  if (c.req.method === 'HEAD') return new Response(null, { headers })
  const content = await context.payloadStore.open(fileKey(file))
  if (content === null) throw new ServiceError('gone', 'The content of this file is gone.')
  return new Response(content, { headers })
}

/** The output of a prediction that was answered as a URL. */
async function answerOutput(context: CallerContext, c: Context<ApiEnv>, id: string): Promise<Response> {
  const { output } = await getPrediction(context, id)
  const content = output && (await context.payloads.open(output))
  if (content === null) throw new ServiceError('gone', 'This prediction has no output, or it was removed.')
  const headers = {
    ...guards,
    'content-type': 'application/json',
    'content-disposition': attachment(`${id}.json`),
    ...requestHeaders(c),
  }
  return new Response(content, { headers })
}

/** Somebody else may have sent it: no browser shows it, runs it, or takes it for another type. */
const guards = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'private, no-store',
}

function headersOf(file: StoredFile): Record<string, string> {
  return {
    ...guards,
    'content-type': file.contentType,
    'content-length': String(file.sizeBytes),
    'content-disposition': attachment(file.name),
    etag: `"${file.md5}"`,
  }
}

/** RFC 6266: the name for old readers in ASCII, and in full for all others. */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`
}
