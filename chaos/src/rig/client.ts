import { Agent, request as send } from 'undici'
import type { ChaosInput } from '../history/event.js'
import { isAcceptance } from '../history/history.js'
import type { Ledger } from '../history/ledger.js'
import { modelName } from './chaos-model.js'
import { hashOf } from './receiver.js'
import type { Tenant } from './tenant.js'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  durationMs: number
}

interface ClientOptions {
  /** Where each API answers. */
  origins: readonly string[]
  ledger: Ledger
  tenants(): readonly Tenant[]
  webhookUrl(tenant: Tenant): string
}

export interface Submission {
  input: Omit<ChaosInput, 'request' | 'value' | 'canary'>
  hasWebhook?: boolean
  /** Nobody expects its webhook to come. */
  isUntold?: boolean
  /** Not the rig's own receiver. */
  webhookUrl?: string
  /** Added to the URL of its webhook, as in `?answer=410`. */
  webhookQuery?: string
  /** Only the end, unless told. */
  webhookEvents?: readonly string[]
  /** One for several submissions makes them one. */
  key?: string
}

interface Prediction {
  id: string
  status: string
  output: number[] | null
  error: string | null
  error_code?: string
  completed_at?: string
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const newAgent = () => new Agent({ connections: 2048, headersTimeout: 70_000, bodyTimeout: 70_000 })
const neverAnswered = { status: 0, headers: {}, text: '' }

/** Clients of the server under test. What they send and are answered goes to the ledger first. */
export class Client {
  private agent = newAgent()
  private turn = 0
  private requests = 0
  private readonly keyOf = new Map<string, number>()

  constructor(private readonly options: ClientOptions) {}

  /** A request to one API after the other. Status 0 when no answer came. */
  async ask(
    tenant: Tenant | { key: string },
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    { body, headers = {}, origin, timeoutMs = 10_000 }: AskOptions = {},
  ): Promise<Answer> {
    const base = origin ?? this.options.origins[this.turn++ % this.options.origins.length] ?? ''
    const startedAt = performance.now()
    try {
      const response = await send(base + path, {
        dispatcher: this.agent,
        method,
        headers: {
          authorization: `Bearer ${tenant.key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.body.text()
      this.lookForLeaks(tenant, text)
      const { statusCode: status, headers: received } = response
      return { status, headers: received, text, durationMs: performance.now() - startedAt }
    } catch {
      return { ...neverAnswered, durationMs: performance.now() - startedAt }
    }
  }

  /** What a new request sends; the number of an old one where a key says so. */
  newInput(tenant: Tenant, deed: Submission['input'], key?: string): ChaosInput {
    const request = this.numberOf(key)
    return { ...deed, request, value: valueOf(request), canary: tenant.canary }
  }

  /** Submits until the answer is unambiguous. Gives the prediction's id, null where it was refused for good. */
  async submit(tenant: Tenant, { input: deed, key, ...rest }: Submission): Promise<string | null> {
    const input = this.newInput(tenant, deed, key)
    for (let attempt = 1; ; attempt++) {
      const { answer, id } = await this.submitOnce(tenant, input, {
        ...rest,
        ...(key !== undefined && { key }),
      })
      if (isAcceptance(answer.status)) return id
      if (answer.status >= 400 && answer.status < 500 && ![409, 429].includes(answer.status)) return null
      await pause(Math.min(1000, 50 * attempt))
    }
  }

  /** Submits once, whatever comes of it. */
  async submitOnce(
    tenant: Tenant,
    input: ChaosInput,
    {
      hasWebhook = false,
      isUntold = false,
      webhookQuery = '',
      webhookUrl: url,
      webhookEvents = ['completed'],
      key = `${input.request}`,
      ...options
    }: SubmitOptions = {},
  ): Promise<{ answer: Answer; id: string | null }> {
    const { ledger, webhookUrl } = this.options
    const { request } = input
    ledger.note({
      kind: 'request',
      request,
      key: `${tenant.name}/${key}`,
      tenant: tenant.name,
      input,
      hasWebhook: hasWebhook && !isUntold,
    })
    const webhook = hasWebhook
      ? { webhook: (url ?? webhookUrl(tenant)) + webhookQuery, webhook_events_filter: webhookEvents }
      : {}
    const answer = await this.ask(tenant, 'POST', `/api/v1/models/${modelName}/predictions`, {
      ...options,
      body: { input, ...webhook },
      headers: { 'idempotency-key': key, ...options.headers },
    })
    const id = isAcceptance(answer.status) ? predictionOf(answer.text).id : null
    ledger.note({ kind: 'response', request, status: answer.status, id, durationMs: answer.durationMs })
    return { answer, id }
  }

  /** The prediction as it is, noted; null when nothing answered. `waitSeconds` waits for its end. */
  async read(tenant: Tenant, id: string, waitSeconds = 0): Promise<{ status: string } | null> {
    const wait = waitSeconds > 0 ? `?wait=${waitSeconds}` : ''
    const answer = await this.ask(tenant, 'GET', `/api/v1/predictions/${id}${wait}`, {
      timeoutMs: 10_000 + waitSeconds * 1000,
    })
    if (answer.status === 404 || answer.status === 410) {
      const empty = { output: null, errorCode: null, completedAt: null, resultHash: '', textHash: '' }
      this.options.ledger.note({ kind: 'read', id, status: 'missing', ...empty })
      return { status: 'missing' }
    }
    if (answer.status !== 200) return null
    const prediction = predictionOf(answer.text)
    const { status, output, error, error_code: errorCode = null, completed_at: completed } = prediction
    this.options.ledger.note({
      kind: 'read',
      id,
      status,
      output,
      errorCode,
      completedAt: completed === undefined ? null : Date.parse(completed),
      resultHash: hashOf(JSON.stringify([status, output, error, errorCode])),
      textHash: hashOf(answer.text),
    })
    return { status }
  }

  /** A number that no other request of this rig has; one for all submissions with this key. */
  numberOf(key?: string): number {
    const known = key === undefined ? undefined : this.keyOf.get(key)
    if (known !== undefined) return known
    const number = ++this.requests
    if (key !== undefined) this.keyOf.set(key, number)
    return number
  }

  /** Ends all connections; the next request opens new ones. */
  async hangUp(): Promise<void> {
    const { agent } = this
    this.agent = newAgent()
    await agent.destroy()
  }

  close(): Promise<void> {
    return this.agent.destroy()
  }

  private lookForLeaks(tenant: { key: string }, text: string): void {
    const { ledger, tenants } = this.options
    const own = tenants().find(({ key }) => key === tenant.key)
    for (const { name, canary } of own ? tenants() : [])
      if (own !== undefined && name !== own.name && text.includes(canary))
        ledger.note({ kind: 'leak', what: 'canary', detail: `an answer shows ${own.name} a word of ${name}` })
  }
}

interface AskOptions {
  body?: object
  headers?: Record<string, string>
  /** One API rather than the next in turn. */
  origin?: string
  timeoutMs?: number
}

interface SubmitOptions extends Omit<AskOptions, 'body'>, Omit<Submission, 'input'> {}

/** Small whole numbers, which float32 holds exactly and no other request has. */
export const valueOf = (request: number): [number, number, number] => [request, request % 97, -request]

const predictionOf = (text: string): Prediction => JSON.parse(text)
