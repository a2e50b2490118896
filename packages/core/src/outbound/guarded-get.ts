import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { checkOutboundUrl } from './check-url.js'
import type { GuardedAgent } from './guarded-agent.js'
import { describeFailure, type FailureCode } from './request-failure.js'

export interface GetRequest {
  url: string
  headers: Record<string, string>
  /** How long the other side may be silent, before the answer and within it. */
  idleMs: number
  /** How many redirects are followed; each hop is checked like the first. */
  maxRedirects: number
  signal: AbortSignal
}

/** `headers` have lower-case names. The body is read (which may throw RequestError) or discarded. */
export interface GetAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: AsyncIterable<Buffer>
  discard(): void
}

/** No complete answer. `message` holds no address and no URL. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  constructor(
    readonly code: FailureCode,
    message: string,
  ) {
    super(message)
  }
}

type Body = Dispatcher.ResponseData['body']

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Sends a GET and follows redirects, for bodies of any size. Bodies come as they are, never decompressed.
 * @throws RequestError, or the signal's reason
 */
export async function get(agent: GuardedAgent, request: GetRequest): Promise<GetAnswer> {
  let url = request.url
  for (let hops = 0; ; hops++) {
    const answer = await getOnce(agent, { ...request, url })
    const { location } = answer.headers
    if (!redirects.has(answer.status) || location === undefined) return answer
    answer.discard()
    if (hops === request.maxRedirects) throw new RequestError('protocol', 'There are too many redirects.')
    url = follow(url, location)
  }
}

function follow(from: string, location: string): string {
  if (!URL.canParse(location, from)) throw new RequestError('protocol', 'A redirect leads nowhere.')
  const to = new URL(location, from)
  to.hash = ''
  if (from.startsWith('https:') && to.protocol !== 'https:')
    throw new RequestError('blocked_address', 'A redirect leads away from https.')
  return to.href
}

async function getOnce(
  agent: GuardedAgent,
  { url, headers, idleMs, signal }: GetRequest,
): Promise<GetAnswer> {
  const check = checkOutboundUrl(url, agent.policy)
  if (!check.ok) throw new RequestError('blocked_address', check.reason)
  const { origin, pathname, search } = check.url
  const watch = new IdleWatch(idleMs, signal)
  try {
    const answer = await agent.dispatcher.request({
      origin,
      path: pathname + search,
      method: 'GET',
      headers,
      signal: watch.signal,
    })
    const { statusCode: status, body } = answer
    const discard = () => end(body, watch)
    return { status, headers: answer.headers, body: read(body, watch), discard }
  } catch (error) {
    watch.stop()
    throw watch.explain(error)
  }
}

async function* read(body: Body, watch: IdleWatch): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) {
      watch.restart()
      if (Buffer.isBuffer(chunk)) yield chunk
      watch.restart()
    }
  } catch (error) {
    throw watch.explain(error)
  } finally {
    end(body, watch)
  }
}

/** Closes the connection of an answer that was not read to its end. */
function end(body: Body, watch: IdleWatch): void {
  watch.stop()
  body.on('error', () => {}).destroy()
}

/** Aborts an exchange in which nothing happens. */
class IdleWatch {
  readonly #idle = new AbortController()
  readonly #outer: AbortSignal
  readonly #idleMs: number
  readonly signal: AbortSignal
  #timer: NodeJS.Timeout

  constructor(idleMs: number, outer: AbortSignal) {
    this.#idleMs = idleMs
    this.#outer = outer
    this.signal = AbortSignal.any([outer, this.#idle.signal])
    this.#timer = this.#start()
  }

  restart(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#start()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** What to throw for an error of the exchange. */
  explain(error: unknown): unknown {
    if (this.#outer.aborted) return this.#outer.reason
    if (this.#idle.signal.aborted)
      return new RequestError('timeout', `The other side was silent for ${this.#idleMs} ms.`)
    const { code, message } = describeFailure(error instanceof Error ? error : new Error(String(error)))
    return new RequestError(code, message)
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#idle.abort(), this.#idleMs)
  }
}
