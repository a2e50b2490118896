import { errnoOf } from '@augur/core/errno'
import { z } from 'zod'
import { type JsonAnswer, type JsonRequest, requestJson } from './request-json.js'

const timeoutMs = 10_000
const problemSchema = z.object({ detail: z.string(), code: z.string() })

/** The server did not do what it was asked for. The message says why and is shown without a stack. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

export type Sending = Pick<JsonRequest, 'method' | 'body'>

export interface ServerApiOptions {
  /** Root of the API, such as `http://127.0.0.1:8000`. */
  url: string
  apiKey: string | undefined
  /** What the key has to allow, for the message where it does not. */
  scope: string
}

/** A running server, as commands ask it. */
export class ServerApi {
  constructor(private readonly options: ServerApiOptions) {}

  /** The answer's body. @throws RefusedError that says what to mend */
  async request<T>(schema: z.ZodType<T>, path: string, sending: Sending = {}): Promise<T> {
    const answer = await this.exchange(path, sending)
    const parsed = schema.safeParse(answer.body)
    if (parsed.success && answer.status < 300) return parsed.data
    throw new RefusedError(this.explain(answer))
  }

  private async exchange(path: string, sending: Sending): Promise<JsonAnswer> {
    const { url, apiKey } = this.options
    try {
      return await requestJson(`${url.replace(/\/$/, '')}${path}`, {
        signal: AbortSignal.timeout(timeoutMs),
        ...sending,
        ...(apiKey !== undefined && { headers: { authorization: `Bearer ${apiKey}` } }),
      })
    } catch (error) {
      if (error instanceof SyntaxError) throw new RefusedError(`What answers at ${url} is no Augur API.`)
      const reason = errnoOf(error) ?? (error instanceof Error ? error.message : 'unknown error')
      throw new RefusedError(
        `Nothing answers at ${url} (${reason}). Is Augur running? AUGUR_URL says where it is looked for.`,
      )
    }
  }

  private explain({ status, body }: JsonAnswer): string {
    const problem = problemSchema.safeParse(body)
    if (!problem.success) return `What answers at ${this.options.url} is no Augur API (status ${status}).`
    if (status === 401) return `AUGUR_API_KEY must hold a valid key with the scope ${this.options.scope}.`
    return problem.data.detail
  }
}
