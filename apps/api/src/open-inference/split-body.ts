import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { jsonText, mediaTypeOf, parseJson } from '../middleware/read-body.js'
import type { JsonLimits } from '../middleware/read-json.js'

export const headerLengthName = 'inference-header-content-length'
const wholeNumber = /^\d{1,10}$/

/** A body of the binary tensor extension: JSON, and after it the bytes of tensors, one after the other. */
export interface SplitBody {
  json: unknown
  binary: Buffer
}

const malformed = (message: string) => new ServiceError('invalid_request', message)

function jsonLength(given: string, bodyBytes: number): number {
  const length = wholeNumber.test(given) ? Number(given) : 0
  if (length >= 1 && length <= bodyBytes) return length
  throw malformed('Inference-Header-Content-Length must be a whole number from 1 to the length of the body.')
}

/**
 * @param headerLength the header that says how many bytes are JSON; undefined when all are
 * @throws ServiceError `invalid_request` or `invalid_json`
 */
export function splitBody(body: Buffer, headerLength: string | undefined, limits: JsonLimits): SplitBody {
  const end = headerLength === undefined ? body.length : jsonLength(headerLength, body.length)
  return { json: parseJson(jsonText(body.subarray(0, end), limits)), binary: body.subarray(end) }
}

/** The body of this request, which `readUntypedBody` has read. */
export async function readSplitBody(c: Context, limits: JsonLimits): Promise<SplitBody> {
  const headerLength = c.req.header(headerLengthName)
  if (mediaTypeOf(c) !== 'application/json') {
    return splitBody(Buffer.from(await c.req.arrayBuffer()), headerLength, limits)
  }
  if (headerLength === undefined) return { json: parseJson(await c.req.text()), binary: Buffer.alloc(0) }
  const message = 'With Inference-Header-Content-Length the content type must be application/octet-stream.'
  throw new ServiceError('unsupported_media_type', message)
}
