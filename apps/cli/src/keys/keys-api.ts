import { z } from 'zod'
import { ServerApi, type ServerApiOptions } from '../server-api.js'

const time = z.string().nullable()

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(z.string()),
  max_open_predictions: z.number().nullable(),
  requests_per_second: z.number().nullable(),
  webhook: z.string().nullable(),
  created_at: z.string(),
  expires_at: time,
  retires_at: time,
  revoked_at: time,
})
export type ListedKey = z.infer<typeof keySchema>

const pageSchema = z.object({ next: z.string().nullable(), results: z.array(keySchema) })

const createdSchema = keySchema.extend({ key: z.string() })
/** A key with its text. */
export type NewKey = z.infer<typeof createdSchema>

/** The server names itself as it is reached by others; it is asked where it was asked before. */
function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** The keys of a running server. Every method throws a RefusedError that says what to mend. */
export class KeysApi {
  private readonly server: ServerApi

  constructor(options: Omit<ServerApiOptions, 'scope'>) {
    this.server = new ServerApi({ ...options, scope: 'admin' })
  }

  async create(wanted: object): Promise<NewKey> {
    return this.server.request(createdSchema, '/admin/keys', { method: 'POST', body: wanted })
  }

  async list(): Promise<ListedKey[]> {
    const keys: ListedKey[] = []
    for (let path: string | null = '/admin/keys'; path !== null; ) {
      const page: z.infer<typeof pageSchema> = await this.server.request(pageSchema, path)
      keys.push(...page.results)
      path = page.next === null ? null : pathOf(page.next)
    }
    return keys
  }

  async update(id: string, changes: object): Promise<ListedKey> {
    return this.server.request(keySchema, `/admin/keys/${encodeURIComponent(id)}`, {
      method: 'PATCH',
      body: changes,
    })
  }

  async rotate(id: string, body: object): Promise<NewKey> {
    return this.server.request(createdSchema, `/admin/keys/${encodeURIComponent(id)}/rotate`, {
      method: 'POST',
      body,
    })
  }

  async revoke(id: string): Promise<ListedKey> {
    return this.server.request(keySchema, `/admin/keys/${encodeURIComponent(id)}/revoke`, {
      method: 'POST',
      body: {},
    })
  }
}
