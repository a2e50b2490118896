import { createHash, type Hash } from 'node:crypto'
import type { GivenLine } from '@augur/core/batches/line-checker'
import { readLines } from '@augur/core/batches/read-lines'
import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { holdsMoreThan, nestsDeeperThan } from '../middleware/json-depth.js'
import { deepestJson, mostJsonValues, tooLarge } from '../middleware/read-body.js'

interface BodyLimits {
  maxBytes: number
  /** Of one line. */
  maxLineBytes: number
}

/** The lines of a body, and a fingerprint of it that is right once all of them were read. */
export interface BodyLines {
  lines: AsyncIterable<GivenLine>
  fingerprint(): string
}

/**
 * The lines of a JSON Lines body as they come: neither the body nor more than a few of its lines are ever held.
 * @throws ServiceError `payload_too_large`, or while it is read `invalid_request` when it breaks off
 */
export function readBodyLines(c: Context, { maxBytes, maxLineBytes }: BodyLimits): BodyLines {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const hash = createHash('sha256')
  const { body } = c.req.raw
  const bytes = body === null ? noBytes() : measured(body, hash, maxBytes)
  let digest: string | undefined
  return {
    lines: parsed(readLines(bytes, maxLineBytes)),
    fingerprint: () => (digest ??= hash.digest('base64')),
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

async function* measured(body: AsyncIterable<Uint8Array>, hash: Hash, maxBytes: number) {
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      hash.update(chunk)
      yield chunk
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    throw new ServiceError('invalid_request', 'The body ended before its time.', { cause })
  }
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<GivenLine> {
  for await (const text of lines) yield parseLine(text)
}

const malformed = (error: string): GivenLine => ({
  kind: 'malformed',
  failure: { error, error_code: 'invalid_input' },
})
const notJson = malformed('The line is not JSON.')
const tooDeep = malformed(`The line nests deeper than ${deepestJson} levels.`)
const tooMany = malformed(`The line holds more than ${mostJsonValues} values.`)

function parseLine(text: string): GivenLine {
  if (nestsDeeperThan(deepestJson, text)) return tooDeep
  if (holdsMoreThan(mostJsonValues, text)) return tooMany
  try {
    return { kind: 'parsed', value: JSON.parse(text) }
  } catch {
    return notJson
  }
}
