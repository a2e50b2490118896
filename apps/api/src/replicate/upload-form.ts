import { pipeline } from 'node:stream/promises'
import { ServiceError } from '@augur/core/errors'
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import type { Context } from 'hono'
import { inFewPieces } from '../middleware/count-pieces.js'
import { mediaTypeOf, otherType } from '../middleware/read-body.js'

/** A form with one file. */
export interface UploadForm<T> {
  content: T
  /** As the sender called the file. */
  name: string | undefined
  /** JSON text, where there is any. */
  metadata: string | undefined
}

/** Takes the bytes of the file as they come, and the type that was declared for them. */
export type Receive<T> = (content: AsyncIterable<Uint8Array>, type: string) => Promise<T>

const limits = { files: 1, parts: 8, fieldSize: 16 * 1024, headerPairs: 16, headerSize: 4096 }
const textParts = ['metadata', 'filename', 'type'] as const

/**
 * Reads a multipart form whose part `content` is a file of any size, which is never held as a whole. Clients send
 * `metadata` as text or as a file of its own; some name the file in a part of its own.
 * @throws ServiceError, or what `receive` throws; `discard` is called with what was received before
 */
export async function readUploadForm<T>(
  c: Context,
  receive: Receive<T>,
  discard: (content: T) => Promise<void>,
): Promise<UploadForm<T>> {
  const parts = new UploadParts(receive)
  await parts.read(parserOf(c), c.req.raw.body)
  const content = await parts.content
  const fault = parts.fault
  if (content === undefined) throw fault ?? refusal('content', 'is required')
  if (fault) {
    await discard(content)
    throw fault
  }
  const name = parts.texts.get('filename') ?? parts.name
  return { content, name, metadata: parts.texts.get('metadata') }
}

function parserOf(c: Context): BusboyInstance {
  const type = c.req.header('content-type') ?? ''
  if (mediaTypeOf(c) !== 'multipart/form-data') throw otherType(c, ['multipart/form-data'])
  try {
    return new Busboy({
      headers: { 'content-type': type },
      limits,
      isPartAFile: (name) => name === 'content',
    })
  } catch (cause) {
    throw new ServiceError('invalid_request', 'The form has no boundary.', { cause })
  }
}

class UploadParts<T> {
  readonly texts = new Map<string, string>()
  content: Promise<T> | undefined
  name: string | undefined
  fault: ServiceError | undefined
  private file: BusboyFileStream | undefined
  private readonly stop = new AbortController()

  constructor(private readonly receive: Receive<T>) {}

  /** Resolves when the form is at its end; `content` may still be under way then. */
  async read(parser: BusboyInstance, body: AsyncIterable<Uint8Array> | null): Promise<void> {
    parser.on('file', (_, file, name, __, type) => this.takeFile(file, name, type))
    parser.on('field', (name, value, _, isCut) => this.takeText(name, value, isCut))
    parser.on('filesLimit', () => this.refuse(refusal('content', 'is there twice')))
    parser.on('partsLimit', () =>
      this.refuse(new ServiceError('invalid_request', 'The form has too many parts.')),
    )
    try {
      await pipeline(inFewPieces(body ?? []), parser, { signal: this.stop.signal })
    } catch (cause) {
      const broken = cause instanceof ServiceError ? cause : brokenForm(cause)
      this.file?.destroy(broken)
      // Why it was not taken, where that was the reason.
      await this.content
      throw broken
    }
  }

  private takeFile(file: BusboyFileStream, name: string | undefined, type: string): void {
    this.file = file
    this.name = name
    // Whoever reads it is told as well; an error that nobody listens for ends the process.
    file.on('error', () => {})
    this.content = this.receive(file, type)
    this.content.catch(() => this.stop.abort())
  }

  private takeText(name: string, value: string, isCut: boolean): void {
    if (!textParts.some((part) => part === name))
      this.refuse(refusal(name.slice(0, 100), 'is not a part of this form'))
    else if (isCut) this.refuse(refusal(name, `must not be larger than ${limits.fieldSize} bytes`))
    else this.texts.set(name, value)
  }

  private refuse(fault: ServiceError): void {
    this.fault ??= fault
  }
}

const brokenForm = (cause: unknown) =>
  new ServiceError('invalid_request', 'The form is malformed or broke off.', { cause })

/** The answer to one part that is wrong. */
export function refusal(part: string, problem: string): ServiceError {
  const detail = `${part}: ${problem}`
  const pointer = `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`
  return new ServiceError('invalid_input', detail, { errors: [{ pointer, code: 'invalid_value', detail }] })
}
