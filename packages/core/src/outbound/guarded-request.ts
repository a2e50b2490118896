import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { checkOutboundUrl } from './check-url.js'
import type { GuardedAgent } from './guarded-agent.js'
import { type FailureCode, describeFailure } from './request-failure.js'

export interface PostRequest {
  url: string
  headers: Record<string, string>
  body: string | Uint8Array
  /** From the call to the last byte of the answer, waiting for a free connection included. */
  timeoutMs?: number
  /** Beyond this the answer is cut off and its connection closed. */
  maxResponseBytes?: number
}

/** `headers` have lower-case names; `bodyExcerpt` holds the first 20 kB; `message` never holds an address. */
export type PostResult =
  | {
      kind: 'response'
      status: number
      headers: IncomingHttpHeaders
      bodyExcerpt: string
      durationMs: number
    }
  | { kind: 'failed'; code: FailureCode; message: string; durationMs: number }

const excerptBytes = 20_000
const maxInformational = 8

const endOfInterest = new Error('The answer is of no more interest.')

/**
 * Follows one exchange. It settles once: at the end of the answer, at the limit of its size, at a failure or at the
 * deadline, whichever comes first. A handler of its own rather than `undici.request`, whose signal does not reach
 * a request that still waits for a connection, and which builds a stream for each answer.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #startedAt = performance.now()
  readonly #deadline: NodeJS.Timeout
  readonly #maxBytes: number
  readonly #settle: (result: PostResult) => void
  #controller: Dispatcher.DispatchController | undefined
  #settled = false
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #informational = 0
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(timeoutMs: number, maxBytes: number, settle: (result: PostResult) => void) {
    this.#maxBytes = maxBytes
    this.#settle = settle
    this.#deadline = setTimeout(
      () => this.#fail('timeout', `No complete answer in ${timeoutMs} ms.`),
      timeoutMs,
    )
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#settled) controller.abort(endOfInterest)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) {
      this.#status = status
      this.#headers = headers
    } else if (++this.#informational > maxInformational) {
      this.#fail('protocol', 'Too many informational answers.')
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    if (this.#bytes < excerptBytes) this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes <= this.#maxBytes) return
    this.#respond()
    this.#abort()
  }

  onResponseEnd(): void {
    this.#respond()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    const { code, message } = describeFailure(error)
    this.#fail(code, message)
  }

  #respond(): void {
    const bodyExcerpt =
      this.#bytes === 0 ? '' : Buffer.concat(this.#chunks).subarray(0, excerptBytes).toString()
    const durationMs = performance.now() - this.#startedAt
    this.#end({ kind: 'response', status: this.#status, headers: this.#headers, bodyExcerpt, durationMs })
  }

  #fail(code: FailureCode, message: string): void {
    this.#end({ kind: 'failed', code, message, durationMs: performance.now() - this.#startedAt })
    this.#abort()
  }

  #abort(): void {
    this.#controller?.abort(endOfInterest)
  }

  #end(result: PostResult): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#deadline)
    this.#chunks = []
    this.#settle(result)
  }
}

/**
 * Sends one POST. The URL is checked again here, so that nothing leaves that has not been. Redirects are answers like
 * any other, and the body is taken as it comes, never decompressed.
 */
export function post(agent: GuardedAgent, request: PostRequest): Promise<PostResult> {
  const { timeoutMs = 15_000, maxResponseBytes = 65_536, headers, body } = request
  const check = checkOutboundUrl(request.url, agent.policy)
  if (!check.ok) {
    return Promise.resolve({ kind: 'failed', code: 'blocked_address', message: check.reason, durationMs: 0 })
  }
  const { origin, pathname, search } = check.url
  return new Promise((resolve) => {
    const exchange = new Exchange(timeoutMs, maxResponseBytes, resolve)
    agent.dispatcher.dispatch({ origin, path: pathname + search, method: 'POST', headers, body }, exchange)
  })
}
