import type { Redis } from 'ioredis'
import { type PredictionId, timePrefix } from '../ids.js'
import type { Keys } from '../redis/keys.js'

/**
 * Which predictions a tenant has, newest first, and which tenants have had any. Ids order themselves by time, so the
 * index holds nothing else.
 */
export class PredictionIndex {
  /** Tenants that this process has noted: one command for each, not one for each prediction. */
  private readonly noted = new Set<string>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(tenant: string, id: PredictionId): Promise<void> {
    await Promise.all([this.redis.zadd(this.keys.tenantPredictions(tenant), 0, id), this.note(tenant)])
  }

  /** Every tenant that ever had a prediction, in no order. */
  async tenants(): Promise<string[]> {
    return this.redis.smembers(this.keys.tenants)
  }

  /** Ids from newest to oldest, those before `before` only. */
  async list(tenant: string, before: PredictionId | null, limit: number): Promise<PredictionId[]> {
    const from = before === null ? '+' : `(${before}`
    return this.redis.zrange(
      this.keys.tenantPredictions(tenant),
      from,
      '-',
      'BYLEX',
      'REV',
      'LIMIT',
      0,
      limit,
    )
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

  private async note(tenant: string): Promise<void> {
    if (this.noted.has(tenant)) return
    this.noted.add(tenant)
    await this.redis.sadd(this.keys.tenants, tenant).catch((error: unknown) => {
      this.noted.delete(tenant)
      throw error
    })
  }
}
