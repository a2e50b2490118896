import { errnoOf } from '@augur/core/errno'
import { z } from 'zod'
import { type JsonAnswer, requestJson } from '../request-json.js'

const timeoutMs = 10_000
const time = z.string().nullable()

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(z.string()),
  created_at: z.string(),
  expires_at: time,
  retires_at: time,
  revoked_at: time,
})
export type ListedKey = z.infer<typeof keySchema>

const createdSchema = keySchema.extend({ key: z.string() })
/** A key with its text. */
export type NewKey = z.infer<typeof createdSchema>

const problemSchema = z.object({ detail: z.string(), code: z.string() })

/** The server did not do what it was asked for. The message says why and is shown without a stack. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

export interface KeysApiOptions {
  /** Root of the API, such as `http://127.0.0.1:8000`. */
  url: string
  apiKey: string | undefined
}

/** The keys of a running server. Every method throws a RefusedError that says what to mend. */
export class KeysApi {
  constructor(private readonly options: KeysApiOptions) {}

  async create(wanted: object): Promise<NewKey> {
    return this.request(createdSchema, '/admin/keys', wanted)
  }

  async list(): Promise<ListedKey[]> {
    const { results } = await this.request(z.object({ results: z.array(keySchema) }), '/admin/keys')
    return results
  }

  async rotate(id: string, body: object): Promise<NewKey> {
    return this.request(createdSchema, `/admin/keys/${encodeURIComponent(id)}/rotate`, body)
  }

  async revoke(id: string): Promise<ListedKey> {
    return this.request(keySchema, `/admin/keys/${encodeURIComponent(id)}/revoke`, {})
  }

  private async request<T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> {
    const answer = await this.exchange(path, body)
    const parsed = schema.safeParse(answer.body)
    if (parsed.success && answer.status < 300) return parsed.data
    throw new RefusedError(this.explain(answer))
  }

  private async exchange(path: string, body: object | undefined): Promise<JsonAnswer> {
    const { url, apiKey } = this.options
    try {
      return await requestJson(`${url.replace(/\/$/, '')}${path}`, {
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { method: 'POST', body }),
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
    if (status === 401) return 'AUGUR_API_KEY must hold a valid key with the scope admin.'
    return problem.data.detail
  }
}
