import type { Redis } from 'ioredis'
import { commit } from '../redis/commit.js'
import type { Keys } from '../redis/keys.js'

/** Which deliveries of a tenant have no attempt left. May hold some that were opened again or are not kept any more. */
export class DeadLetters {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly retentionMs: number,
  ) {}

  async add(tenant: string, id: string, nowMs: number): Promise<void> {
    const key = this.keys.deadLetters(tenant)
    const transaction = this.redis.multi().zadd(key, nowMs, id)
    transaction.zremrangebyscore(key, '-inf', nowMs - this.retentionMs).pexpire(key, this.retentionMs)
    await commit(transaction)
  }

  /** Those that were given up first. */
  async oldest(tenant: string, limit: number): Promise<string[]> {
    return this.redis.zrange(this.keys.deadLetters(tenant), '0', String(limit - 1))
  }

  async remove(tenant: string, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.redis.zrem(this.keys.deadLetters(tenant), ...ids)
  }
}
