import { isUtf8 } from 'node:buffer'
import { ServiceError } from '@augur/core/errors'
import type { Context, MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { holdsMoreThan, nestsDeeperThan } from './json-depth.js'

/** Levels of arrays and objects. */
export const deepestJson = 32
/** Where a route has no limit of its own. */
export const mostJsonValues = 1_000_000

interface ReadBodyOptions {
  maxBytes: number
  /** Media types that the route takes. */
  accept: readonly string[]
  /** Whether there may be no body, which then needs no type and reads as empty text. */
  isOptional?: boolean
  /** Values of a JSON body, arrays and objects included. */
  maxValues?: number
}

export const mediaTypeOf = (c: Context): string =>
  (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** @throws ServiceError `unsupported_media_type`, also for a compressed body */
export function refuseOtherTypes(c: Context, accept: readonly string[]): void {
  if (!accept.includes(mediaTypeOf(c))) {
    throw new ServiceError('unsupported_media_type', `The content type must be ${accept.join(' or ')}.`)
  }
  const encoding = c.req.header('content-encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new ServiceError('unsupported_media_type', 'Compressed bodies are not accepted.')
  }
}

export const tooLarge = (maxBytes: number) =>
  new ServiceError('payload_too_large', `The body must not be larger than ${maxBytes} bytes.`)

const tooFine = () => new ServiceError('payload_too_large', 'The body comes in too many small pieces.')

/** Pieces of a body that are each a hundred times as dear as what they hold. No client sends so many. */
const mostSmallPieces = 10_000
const smallPieceBytes = 64

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
    if (chunks.length > mostSmallPieces && size < chunks.length * smallPieceBytes) throw tooFine()
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
export function jsonText(bytes: Buffer, maxValues = mostJsonValues): string {
  if (!isUtf8(bytes)) throw new ServiceError('invalid_json', 'The body is not UTF-8.')
  const text = bytes.toString('utf8')
  if (nestsDeeperThan(deepestJson, text)) {
    throw new ServiceError('invalid_json', `The body nests deeper than ${deepestJson} levels.`)
  }
  if (holdsMoreThan(maxValues, text)) {
    throw new ServiceError('invalid_json', `The body holds more than ${maxValues} values.`)
  }
  return text
}

/** @throws ServiceError `invalid_json` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ServiceError('invalid_json', 'The body is not JSON.', { cause })
  }
}

/** Reads a body once, within limits, and leaves it where Hono looks for a body that was read. */
export function readBody({
  maxBytes,
  accept,
  isOptional = false,
  maxValues = mostJsonValues,
}: ReadBodyOptions): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!isOptional) refuseOtherTypes(c, accept)
    const bytes = await readBytes(c, maxBytes)
    const isAbsent = isOptional && bytes.length === 0
    if (isOptional && !isAbsent) refuseOtherTypes(c, accept)
    const read =
      isAbsent || mediaTypeOf(c) === 'application/json'
        ? { text: Promise.resolve(jsonText(bytes, maxValues)) }
        : { arrayBuffer: Promise.resolve(new Uint8Array(bytes).buffer) }
    Object.assign(c.req.bodyCache, read)
    await next()
  }
}
