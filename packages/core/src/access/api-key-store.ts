import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { isTenantName } from '../tenant.js'
import type { ApiKey } from './api-key.js'
import { scopes } from './scopes.js'

/** The only reader and writer of API keys in Redis. */
export class ApiKeyStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async create(key: ApiKey): Promise<void> {
    const { id, createdAt } = key
    await this.redis
      .multi()
      .hset(this.keys.apiKey(id), encode(key))
      .zadd(this.keys.apiKeys, createdAt, id)
      .exec()
  }

  async read(id: string): Promise<ApiKey | null> {
    return decode(id, await this.redis.hgetall(this.keys.apiKey(id)))
  }

  /** All keys, revoked and expired ones included, oldest first. */
  async list(): Promise<ApiKey[]> {
    const ids = await this.redis.zrange(this.keys.apiKeys, '0', '-1')
    const found = await Promise.all(ids.map((id) => this.read(id)))
    return found.filter((key) => key !== null)
  }

  /** For good: the first time stays. */
  async revoke(id: string, nowMs: number): Promise<void> {
    await this.redis.hsetnx(this.keys.apiKey(id), 'revoked_at', nowMs)
  }

  async retire(id: string, retiresAt: number): Promise<void> {
    await this.redis.hset(this.keys.apiKey(id), 'retires_at', retiresAt)
  }
}

function encode({ digest, name, tenant, scopes: allowed, createdAt, expiresAt }: ApiKey) {
  return {
    digest,
    name,
    tenant,
    scopes: allowed.join(','),
    created_at: createdAt,
    ...(expiresAt !== null && { expires_at: expiresAt }),
  }
}

const timeOf = (value: string | undefined) => (value === undefined ? null : Number(value))

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
    createdAt: Number(fields.created_at),
    expiresAt: timeOf(fields.expires_at),
    retiresAt: timeOf(fields.retires_at),
    revokedAt: timeOf(fields.revoked_at),
  }
}
