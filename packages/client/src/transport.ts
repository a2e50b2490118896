import { AugurError } from './augur-error.js'
import { readEvents, type ServerEvent } from './read-events.js'
import type { Problem } from './types.js'

export interface ClientOptions {
  /** Where the server is, for example `http://127.0.0.1:8000`. */
  url: string
  /** An API key; left out where the server asks for none. */
  key?: string | undefined
  /** How often a request is repeated that found the server busy or away, 4 times by default. */
  retries?: number
  /** In place of the global one. */
  fetch?: typeof globalThis.fetch
}

export interface Call {
  method?: string
  query?: Readonly<Record<string, string | number | undefined>>
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  body?: NonNullable<RequestInit['body']>
  /** Ends the request, and the waiting in between. */
  signal?: AbortSignal | undefined
  /** Whether sending it twice does no more than sending it once. By default only reading does. */
  repeatable?: boolean
}

interface Page<T> {
  results: T[]
  next: string | null
}

/** What a busy server, or a proxy whose server is away, answers. */
const busy: ReadonlySet<number> = new Set([429, 502, 503, 504])
const firstPauseMs = 250
const longestPauseMs = 8000

/** Requests to one server: with its key, repeated where that helps, and refusals as `AugurError`. */
export class Transport {
  private readonly baseUrl: string
  private readonly key: string | undefined
  private readonly fetch: typeof globalThis.fetch
  readonly retries: number

  constructor({ url, key, retries = 4, fetch = globalThis.fetch }: ClientOptions) {
    this.baseUrl = `${url.replace(/\/$/, '').replace(/\/api\/v1$/, '')}/api/v1`
    this.key = key
    this.retries = retries
    // Browsers refuse to call it as the method of another object.
    this.fetch = (input, init) => fetch(input, init)
  }

  /**
   * The response, if its status is 2xx. `path` follows `/api/v1`.
   * @throws AugurError, or what `fetch` throws when there is no answer
   */
  async request(path: string, call: Call = {}): Promise<Response> {
    const { repeatable = (call.method ?? 'GET') === 'GET' } = call
    for (let attempt = 0; ; attempt++) {
      const isLast = !repeatable || attempt >= this.retries
      const answer = await this.send(path, call).catch((error: unknown) => {
        if (isLast || call.signal?.aborted) throw error
        return null
      })
      if (answer?.ok) return answer
      const error = answer && (await refusalOf(answer))
      if (error && (isLast || !mayChange(error))) throw error
      await pause(Math.max(error?.retryAfterMs ?? 0, pauseBefore(attempt)), call.signal)
    }
  }

  /** The body of the answer, taken to be what the server's schema says. */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const response = await this.request(path, call)
    return JSON.parse(await response.text())
  }

  /** Every item of a list, page by page. */
  async *pages<T>(
    path: string,
    { query = {}, signal }: Pick<Call, 'query' | 'signal'> = {},
  ): AsyncGenerator<T> {
    let wanted: NonNullable<Call['query']> | null = query
    while (wanted !== null) {
      const { results, next }: Page<T> = await this.json(path, { query: wanted, signal })
      yield* results
      // Its host is how the server knows itself, which need not be how we reach it, nor be given our key.
      wanted = next === null ? null : Object.fromEntries(new URL(next).searchParams)
    }
  }

  /** Events of a stream, from the first one on; comes back to it where the connection breaks before it ends itself. */
  async *events(path: string, { signal }: Pick<Call, 'signal'> = {}): AsyncGenerator<ServerEvent> {
    let lastId = ''
    for (let failures = 0; failures <= this.retries; failures++) {
      const headers = { accept: 'text/event-stream', ...(lastId !== '' && { 'last-event-id': lastId }) }
      const { body, status } = await this.request(path, { headers, signal })
      // Nothing is left to be told.
      if (status === 204) return
      try {
        for await (const event of body ? readEvents(body) : []) {
          lastId = event.id
          failures = 0
          yield event
        }
      } catch (error) {
        if (signal?.aborted || failures === this.retries) throw error
      }
      await pause(pauseBefore(failures), signal)
    }
  }

  private send(path: string, { method = 'GET', query = {}, headers, json, body, signal }: Call) {
    const url = new URL(this.baseUrl + path)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const content = json === undefined ? body : JSON.stringify(json)
    const init = {
      method,
      headers: {
        ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content !== undefined && { body: content }),
      ...(signal && { signal }),
      // Without it, streams are refused as a body.
      duplex: 'half' as const,
    }
    return this.fetch(url, init)
  }
}

const mayChange = ({ status, problem }: AugurError) =>
  busy.has(status) || problem?.code === 'idempotency_in_progress'

async function refusalOf(response: Response): Promise<AugurError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  const text = await response.text()
  const problem: Problem | null = isProblem ? JSON.parse(text) : null
  return new AugurError(response.status, problem, retryAfterMs)
}

/** Doubles with each attempt, and differs from client to client. */
const pauseBefore = (attempt: number) =>
  Math.min(firstPauseMs * 2 ** attempt, longestPauseMs) * (0.5 + Math.random() / 2)

/** @throws the signal's reason, as soon as it is aborted */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }, ms)
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { once: true })
  })
}
