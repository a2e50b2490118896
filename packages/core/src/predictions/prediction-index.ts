import type { Redis } from 'ioredis'
import { type PredictionId, timePrefix } from '../ids.js'
import type { Keys } from '../redis/keys.js'

/** So many notes later a tenant is noted again, as Redis may have lost it. */
const notedAgainAfter = 1000

/**
 * Which predictions a tenant has, newest first, and which tenants have had any. Ids order themselves by time, so the
 * index holds nothing else.
 */
export class PredictionIndex {
  /** Tenants that this process has noted lately: one command for each, not one for each prediction. */
  private readonly noted = new Set<string>()
  private untilForgotten = notedAgainAfter

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(tenant: string, ids: readonly PredictionId[]): Promise<void> {
    const scored = ids.flatMap((id) => [0, id])
    await Promise.all([this.redis.zadd(this.keys.tenantPredictions(tenant), ...scored), this.note(tenant)])
  }

  /** Every tenant that ever had a prediction, in no order. */
  async tenants(): Promise<string[]> {
    return this.redis.smembers(this.keys.tenants)
  }

  /** Ids from newest to oldest: only those before `before`, an id or the start of one, and made at `sinceMs` or later. */
  async list(
    tenant: string,
    before: PredictionId | null,
    limit: number,
    sinceMs: number | null = null,
  ): Promise<PredictionId[]> {
    const from = before === null ? '+' : `(${before}`
    const to = sinceMs === null ? '-' : `[${timePrefix(Math.max(0, sinceMs))}`
    return this.redis.zrange(this.keys.tenantPredictions(tenant), from, to, 'BYLEX', 'REV', 'LIMIT', 0, limit)
  }

  async remove(tenant: string, ids: readonly PredictionId[]): Promise<void> {
    if (ids.length > 0) await this.redis.zrem(this.keys.tenantPredictions(tenant), ...ids)
  }

  /** Forgets ids made before that time. */
  async trim(tenant: string, beforeMs: number): Promise<void> {
    await this.redis.zremrangebylex(
      this.keys.tenantPredictions(tenant),
      '-',
      `(${timePrefix(Math.max(0, beforeMs))}`,
    )
  }

  /** Has the tenant among `tenants`, before anything of it is written: what looks after all tenants finds it by that. */
  async note(tenant: string): Promise<void> {
    if (--this.untilForgotten === 0) {
      this.noted.clear()
      this.untilForgotten = notedAgainAfter
    }
    if (this.noted.has(tenant)) return
    this.noted.add(tenant)
    await this.redis.sadd(this.keys.tenants, tenant).catch((error: unknown) => {
      this.noted.delete(tenant)
      throw error
    })
  }
}
