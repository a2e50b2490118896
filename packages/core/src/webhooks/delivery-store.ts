import type { Redis } from 'ioredis'
import { type ModelTag, type PredictionId, tagOfId } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import { scored } from '../redis/scored.js'
import { loadScript, runScript } from '../redis/script.js'
import { type Delivery, predictionOfDelivery } from './delivery.js'

const scripts = {
  create: loadScript(new URL('./create-delivery.lua', import.meta.url)),
  end: loadScript(new URL('./end-delivery.lua', import.meta.url)),
}

const storedFields = ['tenant', 'url', 'body', 'after'] as const

/** `delivered`: the receiver took it. `gone`: it answered 410. `exhausted`: no attempt is left. `dropped`: out of date. */
export type DeliveryEnd = 'delivered' | 'gone' | 'exhausted' | 'dropped'

/** The only reader and writer of deliveries. The terminal transition creates those of the event `completed` itself. */
export class DeliveryStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly retentionMs: number,
  ) {}

  /** Creates a delivery once, while the prediction is held by `token`. */
  async create(delivery: Delivery, prediction: PredictionId, token: string, nowMs: number): Promise<boolean> {
    const tag = tagOfId(prediction)
    const keys = [this.keys.record(prediction), this.keys.delivery(tag, delivery.id), this.keys.outbox(tag)]
    const { id, tenant, url, body, after } = delivery
    const args = [token, id, nowMs, tenant, url, body, after ?? '']
    return (await runScript<number>(this.redis, scripts.create, keys, args)) === 1
  }

  /** The delivery and whether it is still to be made; null when it is not kept (any more). */
  async read(id: string): Promise<{ delivery: Delivery; pending: boolean } | null> {
    const key = this.keys.delivery(tagOfId(predictionOfDelivery(id)), id)
    const [tenant, url, body, after, state] = await this.redis.hmget(key, ...storedFields, 'state')
    if (tenant == null || url == null || body == null) return null
    return { delivery: { id, tenant, url, body, after: after || null }, pending: state === 'pending' }
  }

  /** Whether the delivery waits for its first attempt. */
  async isUnsent(id: string): Promise<boolean> {
    const key = this.keys.delivery(tagOfId(predictionOfDelivery(id)), id)
    const [state, attempts] = await this.redis.hmget(key, 'state', 'attempts')
    return state === 'pending' && attempts == null
  }

  async recordAttempt(id: string, attempts: number): Promise<void> {
    await this.redis.hset(this.keys.delivery(tagOfId(predictionOfDelivery(id)), id), 'attempts', attempts)
  }

  async end(id: string, state: DeliveryEnd, attempts: number): Promise<void> {
    const tag = tagOfId(predictionOfDelivery(id))
    const key = this.keys.delivery(tag, id)
    await runScript<number>(
      this.redis,
      scripts.end,
      [key, this.keys.outbox(tag)],
      [id, state, attempts, this.retentionMs],
    )
  }

  /** Deliveries created in the given span of time that have not ended, oldest first. */
  async pendingBetween(
    tag: ModelTag,
    afterMs: number,
    untilMs: number,
    limit: number,
  ): Promise<[string, number][]> {
    const pairs = await this.redis.zrangebyscore(
      this.keys.outbox(tag),
      `(${afterMs}`,
      untilMs,
      'WITHSCORES',
      'LIMIT',
      0,
      limit,
    )
    return scored(pairs)
  }
}
