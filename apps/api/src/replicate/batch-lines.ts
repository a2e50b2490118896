import { createHash, type Hash } from 'node:crypto'
import type { GivenLine } from '@augur/core/batches/line-checker'
import { readLines } from '@augur/core/batches/read-lines'
import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { countPieces } from '../middleware/count-pieces.js'
import { type JsonLimits, readJson } from '../middleware/read-json.js'
import { tooLarge } from '../middleware/read-body.js'

/** How much there may be in one line. */
interface BodyLimits extends JsonLimits {
  maxBytes: number
  /** Of one line. */
  maxLineBytes: number
}

/** The lines of a body, and a fingerprint of it that is right once all of them were read. */
export interface BodyLines {
  lines: AsyncIterable<Iterable<GivenLine>>
  fingerprint(): string
}

/**
 * The lines of a JSON Lines body as they come: neither the body nor more than a few of its lines are ever held.
 * @throws ServiceError `payload_too_large`, or while it is read `invalid_request` when it breaks off
 */
export function readBodyLines(c: Context, { maxBytes, maxLineBytes, ...limits }: BodyLimits): BodyLines {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const hash = createHash('sha256')
  const { body } = c.req.raw
  const bytes = body === null ? noBytes() : measured(body, hash, maxBytes)
  let digest: string | undefined
  return {
    lines: parsed(readLines(bytes, maxLineBytes), limits),
    fingerprint: () => (digest ??= hash.digest('base64')),
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

async function* measured(body: AsyncIterable<Uint8Array>, hash: Hash, maxBytes: number) {
  const pieces = countPieces()
  try {
    for await (const chunk of body) {
      if (pieces.take(chunk) > maxBytes) throw tooLarge(maxBytes)
      hash.update(chunk)
      yield chunk
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    throw new ServiceError('invalid_request', 'The body ended before its time.', { cause })
  }
}

async function* parsed(
  lines: AsyncIterable<string[]>,
  limits: JsonLimits,
): AsyncGenerator<Iterable<GivenLine>> {
  for await (const texts of lines) yield lazily(texts, limits)
}

/** Each is parsed when it is asked for: no more values than those of one line are held. */
function* lazily(texts: readonly string[], limits: JsonLimits): Generator<GivenLine> {
  for (const text of texts) yield parseLine(text, limits)
}

function parseLine(text: string, limits: JsonLimits): GivenLine {
  const read = readJson(text, limits)
  if (read.ok) return { kind: 'parsed', value: read.value }
  return { kind: 'malformed', failure: { error: `The line ${read.fault}.`, error_code: 'invalid_input' } }
}
