import type { ChainableCommander, Redis } from 'ioredis'
import { commit } from '../redis/commit.js'
import type { Keys } from '../redis/keys.js'
import { isTenantName } from '../tenant.js'
import { isWebhookEvent } from '../webhooks/webhook-events.js'
import type { ApiKey, DefaultWebhook, KeyLimits } from './api-key.js'
import { scopes } from './scopes.js'

/** Adds to the transaction of a change what must not be there without it. */
export type Along = (transaction: ChainableCommander) => void

export type KeyChanges = Partial<Pick<ApiKey, 'name' | 'webhook'> & KeyLimits>

/** The only reader and writer of API keys in Redis. */
export class ApiKeyStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Creates it, unless there is one with its id. Returns whether it did. */
  async create(key: ApiKey, along: Along): Promise<boolean> {
    const [isNew] = await this.change((transaction) => this.write(transaction, key), along)
    return isNew === 1
  }

  /** Creates a key, as `create` does, in place of another, which is good until `retiresAt`. */
  async replace(id: string, retiresAt: number, key: ApiKey, along: Along): Promise<boolean> {
    const both: Along = (transaction) => {
      this.write(transaction, key)
      transaction.hset(this.keys.apiKey(id), 'retires_at', retiresAt)
    }
    const [isNew] = await this.change(both, along)
    return isNew === 1
  }

  async update(id: string, changes: KeyChanges, along: Along): Promise<void> {
    const { name, webhook, ...limits } = changes
    const fields = { ...limitFields(limits), ...(webhook !== undefined && webhookFields(webhook)) }
    const set: Along = (transaction) => {
      if (name !== undefined) transaction.hset(this.keys.apiKey(id), 'name', name)
      for (const [field, value] of Object.entries(fields)) {
        if (value === null) transaction.hdel(this.keys.apiKey(id), field)
        else transaction.hset(this.keys.apiKey(id), field, value)
      }
    }
    await this.change(set, along)
  }

  /** For good: the first time stays. */
  async revoke(id: string, nowMs: number, along: Along): Promise<void> {
    await this.change(
      (transaction) => transaction.hsetnx(this.keys.apiKey(id), 'revoked_at', String(nowMs)),
      along,
    )
  }

  async read(id: string): Promise<ApiKey | null> {
    return decode(id, await this.redis.hgetall(this.keys.apiKey(id)))
  }

  /** Keys, revoked and expired ones included, oldest first: after the key `after`, or null when there is no such key. */
  async list(after: string | null, limit: number): Promise<ApiKey[] | null> {
    const rank = after === null ? -1 : await this.redis.zrank(this.keys.apiKeys, after)
    if (rank === null) return null
    const ids = await this.redis.zrange(this.keys.apiKeys, String(rank + 1), String(rank + limit))
    const found = await Promise.all(ids.map((id) => this.read(id)))
    return found.filter((key) => key !== null)
  }

  /** Its first command answers 1 where the key is new. What is there stays: its text may be somebody's already. */
  private write(transaction: ChainableCommander, key: ApiKey): void {
    const { digest, ...others } = encode(key)
    for (const [field, value] of Object.entries({ digest, ...others })) {
      transaction.hsetnx(this.keys.apiKey(key.id), field, value)
    }
    transaction.zadd(this.keys.apiKeys, 'NX', key.createdAt, key.id)
  }

  private async change(what: Along, along: Along): Promise<unknown[]> {
    const transaction = this.redis.multi()
    what(transaction)
    along(transaction)
    return commit(transaction)
  }
}

/** The fields of those limits that are given. */
function limitFields({ maxOpen, requestsPerSecond }: Partial<KeyLimits>): Record<string, number | null> {
  return {
    ...(maxOpen !== undefined && { max_open: maxOpen }),
    ...(requestsPerSecond !== undefined && { requests_per_second: requestsPerSecond }),
  }
}

function webhookFields(webhook: DefaultWebhook | null): Record<string, string | null> {
  return { webhook: webhook?.url ?? null, webhook_events: webhook?.events.join(',') ?? null }
}

function encode({ digest, name, tenant, scopes: allowed, createdAt, expiresAt, webhook, ...limits }: ApiKey) {
  const given = Object.entries({ ...limitFields(limits), ...webhookFields(webhook) }).filter(
    ([, value]) => value !== null,
  )
  return {
    digest,
    name,
    tenant,
    scopes: allowed.join(','),
    created_at: createdAt,
    ...(expiresAt !== null && { expires_at: expiresAt }),
    ...Object.fromEntries(given),
  }
}

function webhookOf({
  webhook: url,
  webhook_events: events = '',
}: Record<string, string>): DefaultWebhook | null {
  return url === undefined ? null : { url, events: events.split(',').filter(isWebhookEvent) }
}

const numberOf = (value: string | undefined) => (value === undefined ? null : Number(value))

function decode(id: string, fields: Record<string, string>): ApiKey | null {
  const { digest, name = '', tenant, scopes: allowed = '' } = fields
  if (digest === undefined || tenant === undefined || !isTenantName(tenant)) return null
  const words = allowed.split(',')
  return {
    id,
    digest,
    name,
    tenant,
    scopes: scopes.filter((scope) => words.includes(scope)),
    maxOpen: numberOf(fields.max_open),
    requestsPerSecond: numberOf(fields.requests_per_second),
    webhook: webhookOf(fields),
    createdAt: Number(fields.created_at),
    expiresAt: numberOf(fields.expires_at),
    retiresAt: numberOf(fields.retires_at),
    revokedAt: numberOf(fields.revoked_at),
  }
}
