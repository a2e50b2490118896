import type { Redis } from 'ioredis'
import { type BatchId, timePrefix } from '../ids.js'
import type { Keys } from '../redis/keys.js'

/** Which batches a tenant has, newest first, and which of them have not ended. */
export class BatchIndex {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(tenant: string, id: BatchId): Promise<void> {
    await Promise.all([
      this.redis.zadd(this.keys.tenantBatches(tenant), 0, id),
      this.redis.sadd(this.keys.tenants, tenant),
    ])
  }

  /** Ids from newest to oldest, those before `before` only. */
  async list(tenant: string, before: BatchId | null, limit: number): Promise<BatchId[]> {
    const from = before === null ? '+' : `(${before}`
    return this.redis.zrange(this.keys.tenantBatches(tenant), from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
  }

  async remove(tenant: string, ids: readonly BatchId[]): Promise<void> {
    if (ids.length > 0) await this.redis.zrem(this.keys.tenantBatches(tenant), ...ids)
  }

  /** Forgets ids made before that time. */
  async trim(tenant: string, beforeMs: number): Promise<void> {
    const end = `(${timePrefix(Math.max(0, beforeMs))}`
    await this.redis.zremrangebylex(this.keys.tenantBatches(tenant), '-', end)
  }

  /** Notes one as open, and gives all that are noted. */
  async open(tenant: string, id: BatchId): Promise<BatchId[]> {
    const key = this.keys.tenantOpenBatches(tenant)
    const [, ids] = await Promise.all([this.redis.sadd(key, id), this.redis.smembers(key)])
    return ids
  }

  async close(tenant: string, ids: readonly BatchId[]): Promise<void> {
    if (ids.length > 0) await this.redis.srem(this.keys.tenantOpenBatches(tenant), ...ids)
  }
}
