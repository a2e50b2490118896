import type { Redis } from 'ioredis'
import { commit } from '../redis/commit.js'
import type { Keys } from '../redis/keys.js'
import { scored } from '../redis/scored.js'
import { loadScript, runScript } from '../redis/script.js'

const removeScript = loadScript(new URL('./remove-dead-letter.lua', import.meta.url))

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

  /** Those that were given up first, each with when that was. */
  async oldest(tenant: string, limit: number): Promise<[id: string, givenUpAt: number][]> {
    const key = this.keys.deadLetters(tenant)
    return scored(await this.redis.zrange(key, '0', String(limit - 1), 'WITHSCORES'))
  }

  /** Takes one out, unless it was given up once more since then. */
  async remove(tenant: string, id: string, givenUpAt: number): Promise<void> {
    await runScript<number>(this.redis, removeScript, [this.keys.deadLetters(tenant)], [id, givenUpAt])
  }
}
