import { newIdempotencyKey } from './idempotency-key.js'
import { readLines, readText } from './read-text.js'
import type { Transport } from './transport.js'
import type { Batch, CreateBatch } from './types.js'

export interface BatchLine {
  /** Comes back with the result of this line. */
  custom_id?: string
  input: Record<string, unknown>
}

export interface BatchOptions extends Pick<CreateBatch, 'webhook' | 'metadata' | 'expires_in'> {
  /** Requests with the same key make one batch. */
  idempotencyKey?: string
  signal?: AbortSignal
}

/** How far a batch is. */
export type BatchProgress = Pick<Batch, 'status' | 'request_counts'>

export interface BatchResult {
  /** Counts from 1. */
  line: number
  custom_id: string | null
  output: unknown
}

export interface BatchError {
  line: number
  custom_id: string | null
  error: string
  error_code: string
  /** The faulty fields, where the line was not valid. */
  errors?: { pointer: string; code: string; detail: string }[]
}

interface SignalOption {
  signal?: AbortSignal | undefined
}

const ended: ReadonlySet<Batch['status']> = new Set(['completed', 'failed', 'expired', 'cancelled'])
/** Texts are joined before they become parts of a body: one for each line would be slow. */
const linesPerPart = 1000

export class Batches {
  constructor(private readonly transport: Transport) {}

  /**
   * Submits many inputs at once; a line that is not valid fails alone. Lines that come asynchronously are sent as they
   * come, which browsers do over HTTP/2 only, and not sent again when the connection breaks.
   */
  create(
    model: string,
    lines: Iterable<BatchLine> | AsyncIterable<BatchLine>,
    options: BatchOptions = {},
  ): Promise<Batch> {
    const { idempotencyKey = newIdempotencyKey(), signal, ...fields } = options
    const repeatable = Symbol.iterator in lines
    return this.transport.json('/batches', {
      method: 'POST',
      query: queryOf(model, fields),
      headers: { 'content-type': 'application/jsonl', 'idempotency-key': idempotencyKey },
      body: Symbol.iterator in lines ? new Blob([...partsOf(lines)]) : streamOf(lines),
      signal,
      repeatable,
    })
  }

  get(id: string, { signal }: SignalOption = {}): Promise<Batch> {
    return this.transport.json(pathOf(id), { signal })
  }

  /** All of them, newest first. */
  list(): AsyncGenerator<Batch> {
    return this.transport.pages('/batches')
  }

  /** Yields how far it is whenever that changes, last of all at its end. */
  async *progress(id: string, { signal }: SignalOption = {}): AsyncGenerator<BatchProgress> {
    for await (const { event, data } of this.transport.events(`${pathOf(id)}/stream`, { signal })) {
      if (event !== 'progress' && event !== 'done') continue
      const { status, request_counts }: BatchProgress = JSON.parse(data)
      yield { status, request_counts }
      if (event === 'done') return
    }
  }

  /** The batch once it has ended, however long that takes. */
  async wait(id: string, { signal }: SignalOption = {}): Promise<Batch> {
    for await (const { status } of this.progress(id, { signal })) if (ended.has(status)) break
    return this.get(id, { signal })
  }

  /** Keeps what is finished, and runs no more. */
  cancel(id: string): Promise<Batch> {
    return this.transport.json(`${pathOf(id)}/cancel`, { method: 'POST', repeatable: true })
  }

  /** Lines with an output, in the order of the input; before the end, those that are finished. */
  results(id: string, { signal }: SignalOption = {}): AsyncGenerator<BatchResult> {
    return this.download(`${pathOf(id)}/results`, signal)
  }

  /** Lines without one, and why. */
  errors(id: string, { signal }: SignalOption = {}): AsyncGenerator<BatchError> {
    return this.download(`${pathOf(id)}/errors`, signal)
  }

  private async *download<T>(path: string, signal: AbortSignal | undefined): AsyncGenerator<T> {
    const { body } = await this.transport.request(path, { signal })
    if (body === null) return
    for await (const line of readLines(readText(body), { takeRest: true })) yield JSON.parse(line)
  }
}

const pathOf = (id: string) => `/batches/${encodeURIComponent(id)}`

/** A bare `owner/name` is a model; anything else chooses a version. */
const modelName = /^[^/:]+\/[^/:]+$/

function queryOf(
  model: string,
  { webhook, metadata, expires_in }: Pick<BatchOptions, 'webhook' | 'metadata' | 'expires_in'>,
) {
  const words = Object.entries(metadata ?? {}).map(([key, value]) => [`metadata[${key}]`, value])
  return {
    [modelName.test(model) ? 'model' : 'version']: model,
    webhook: webhook ?? undefined,
    expires_in: expires_in ?? undefined,
    ...Object.fromEntries(words),
  }
}

function* partsOf(lines: Iterable<BatchLine>): Generator<string> {
  let texts: string[] = []
  for (const line of lines) {
    texts.push(`${JSON.stringify(line)}\n`)
    if (texts.length < linesPerPart) continue
    yield texts.join('')
    texts = []
  }
  yield texts.join('')
}

function streamOf(lines: AsyncIterable<BatchLine>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = lines[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done) return controller.close()
      controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`))
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
