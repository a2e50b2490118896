import { isUtf8 } from 'node:buffer'
import { ServiceError } from '@augur/core/errors'
import type { Context, MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { HttpRefusal } from '../http-refusal.js'
import { countPieces } from './count-pieces.js'
import { findSizeFault, type JsonLimits, parseStrictly } from './read-json.js'

interface ReadBodyOptions extends JsonLimits {
  maxBytes: number
  /** Media types that the route takes. */
  accept: readonly string[]
  /** Whether there may be no body, which then needs no type and reads as empty text. */
  isOptional?: boolean
}

export const mediaTypeOf = (c: Context): string =>
  (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** The header in which an answer to a method says what bodies it takes. */
const takingHeaders: Readonly<Record<string, string>> = { POST: 'accept-post', PATCH: 'accept-patch' }

/** @throws ServiceError `unsupported_media_type`, also for a compressed body */
export function refuseOtherTypes(c: Context, accept: readonly string[]): void {
  if (!accept.includes(mediaTypeOf(c))) throw otherType(c, accept)
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    const detail = 'Compressed bodies are not accepted.'
    throw new HttpRefusal('unsupported_media_type', detail, { 'accept-encoding': 'identity' })
  }
}

/** The answer to a body of a type that the route does not take. */
export function otherType(c: Context, accept: readonly string[]): HttpRefusal {
  return new HttpRefusal('unsupported_media_type', `The content type must be ${accept.join(' or ')}.`, {
    [takingHeaders[c.req.method] ?? 'accept']: accept.join(', '),
  })
}

export const tooLarge = (maxBytes: number) =>
  new ServiceError('payload_too_large', `The body must not be larger than ${maxBytes} bytes.`)

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const pieces = countPieces()
  for await (const chunk of body) {
    if (pieces.take(chunk) > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Reads at most `maxBytes`: a body without a length is measured as it comes. */
async function readBytes(c: Context, maxBytes: number): Promise<Buffer> {
  const length = c.req.header('content-length')
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes)
  try {
    if (length !== undefined) return Buffer.from(await c.req.raw.arrayBuffer())
    return c.req.raw.body === null ? Buffer.alloc(0) : await readChunks(c.req.raw.body, maxBytes)
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    throw new ServiceError('invalid_request', 'The body ended before its time.', { cause })
  }
}

/** @throws ServiceError `invalid_json` */
export function jsonText(bytes: Buffer, limits: JsonLimits): string {
  if (!isUtf8(bytes)) throw new ServiceError('invalid_json', 'The body is not UTF-8.')
  const text = bytes.toString('utf8')
  const fault = findSizeFault(text, limits)
  if (fault !== null) throw new ServiceError('invalid_json', `The body ${fault}.`)
  return text
}

/** @throws ServiceError `invalid_json` */
export function parseJson(text: string): unknown {
  const parsed = parseStrictly(text)
  if (parsed.ok) return parsed.value
  throw new ServiceError('invalid_json', `The body ${parsed.fault}.`)
}

/** Reads a body once, within limits, and leaves it where Hono looks for a body that was read. */
export function readBody({
  maxBytes,
  accept,
  isOptional = false,
  ...limits
}: ReadBodyOptions): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!isOptional) refuseOtherTypes(c, accept)
    const bytes = await readBytes(c, maxBytes)
    const isAbsent = isOptional && bytes.length === 0
    if (isOptional && !isAbsent) refuseOtherTypes(c, accept)
    const read =
      isAbsent || mediaTypeOf(c) === 'application/json'
        ? { text: Promise.resolve(jsonText(bytes, limits)) }
        : { arrayBuffer: Promise.resolve(new Uint8Array(bytes).buffer) }
    Object.assign(c.req.bodyCache, read)
    await next()
  }
}
