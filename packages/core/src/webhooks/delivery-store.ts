import type { Redis } from 'ioredis'
import { isPredictionId, type ModelTag, type PredictionId, tagOfId } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import { commit } from '../redis/commit.js'
import { scored } from '../redis/scored.js'
import { loadScript, runScript } from '../redis/script.js'
import {
  type Delivery,
  type DeliveryAttempt,
  type DeliveryEnd,
  type DeliveryHold,
  type DeliveryState,
  type DeliveryView,
  predictionOfDelivery,
} from './delivery.js'
import { bodyField, decodeState, decodeView, encodeAttempt, mostAttemptsKept } from './delivery-record.js'

const scripts = {
  create: loadScript(new URL('./create-delivery.lua', import.meta.url)),
  createOwn: loadScript(new URL('./create-own-delivery.lua', import.meta.url)),
  end: loadScript(new URL('./end-delivery.lua', import.meta.url)),
  hold: loadScript(new URL('./hold-delivery.lua', import.meta.url)),
  recordAttempt: loadScript(new URL('./record-attempt.lua', import.meta.url)),
  reopen: loadScript(new URL('./reopen-delivery.lua', import.meta.url)),
}

const storedFields = [
  'tenant',
  'url',
  'body',
  'body_key',
  'after',
  'state',
  'attempts',
  'earlier',
  'next_at',
  'once',
] as const
const unendedTestMs = 24 * 3_600_000
const mostOwnListed = 1000

/** A delivery as who makes it needs it. */
export interface StoredDelivery {
  delivery: Delivery
  pending: boolean
  /** Attempts since it was created or opened again. */
  attempts: number
  /** When the next attempt is due; 0 for at once. */
  nextAt: number
  /** It is not tried again. */
  isOnce: boolean
}

/** `pending`: it waited for its next attempt, which is due now. `no_body`: none is kept, and none was given. */
export type ReopenOutcome = 'reopened' | 'pending' | 'no_body' | 'missing'

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
    const { id, tenant, url, after } = delivery
    const args = [token, id, nowMs, tenant, url, ...bodyField(delivery), after ?? '']
    return (await runScript<number>(this.redis, scripts.create, keys, args)) === 1
  }

  /** Creates the delivery of an event that no prediction has, unless it is there. One made `once` is not tried again. */
  async createOwn(
    { id, tenant, url, body }: Omit<Delivery, 'after'>,
    nowMs: number,
    { once = false }: { once?: boolean } = {},
  ): Promise<void> {
    // First: what is listed and not there is left out, and what is not listed is not found.
    await this.listOwn(tenant, id)
    const keys = [this.keyOf(id), this.keys.outbox(tagOfId(predictionOfDelivery(id)))]
    const args = [id, nowMs, tenant, url, body, once ? unendedTestMs : '']
    await runScript<number>(this.redis, scripts.createOwn, keys, args)
  }

  /** Deliveries that `createOwn` made for a tenant, newest first: those before `before`, an id or the start of one. */
  async own(tenant: string, before: string | null, limit: number): Promise<string[]> {
    const from = before === null ? '+' : `(${before}`
    const key = this.keys.tenantOwnDeliveries(tenant)
    return this.redis.zrange(key, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
  }

  private async listOwn(tenant: string, id: string): Promise<void> {
    const key = this.keys.tenantOwnDeliveries(tenant)
    const transaction = this.redis.multi().zadd(key, 0, id)
    transaction.zremrangebyrank(key, 0, -1 - mostOwnListed).pexpire(key, this.retentionMs + unendedTestMs)
    await commit(transaction)
  }

  /** The delivery as who makes it needs it; null when it is not kept (any more), or without its body. */
  async read(id: string): Promise<StoredDelivery | null> {
    const found = await this.redis.hmget(this.keyOf(id), ...storedFields)
    const [tenant, url, body, bodyKey, after, state, attempts, earlier, nextAt, once] = found
    if (tenant == null || url == null || (body ?? bodyKey) == null) return null
    const delivery = { id, tenant, url, body: body ?? '', after: after || null }
    return {
      delivery: bodyKey == null ? delivery : { ...delivery, bodyKey },
      pending: state === 'pending',
      attempts: Number(attempts ?? 0) - Number(earlier ?? 0),
      nextAt: Number(nextAt ?? 0),
      isOnce: once != null,
    }
  }

  /** Where the payload store keeps its body; null where it does not. */
  async bodyKey(id: string): Promise<string | null> {
    return this.redis.hget(this.keyOf(id), 'body_key')
  }

  /** The job that each was announced in; null for one that has it to itself. */
  async sharedJobs(ids: readonly string[]): Promise<(string | null)[]> {
    return Promise.all(ids.map(async (id) => (await this.redis.hget(this.keyOf(id), 'job')) || null))
  }

  /** Null when there is none of that id. */
  async state(id: string): Promise<DeliveryState | null> {
    return decodeState(await this.redis.hget(this.keyOf(id), 'state'))
  }

  /** The delivery as its tenant is shown it; null when there is none of that id. */
  async view(id: string): Promise<DeliveryView | null> {
    if (!isPredictionId(predictionOfDelivery(id))) return null
    return decodeView(id, await this.redis.hgetall(this.keyOf(id)))
  }

  /** Whether the delivery waits for its first attempt. */
  async isUnsent(id: string): Promise<boolean> {
    const [state, attempts] = await this.redis.hmget(this.keyOf(id), 'state', 'attempts')
    return state === 'pending' && attempts == null
  }

  /** Notes an attempt that is not the last. */
  async recordAttempt(id: string, attempt: DeliveryAttempt, nextAt: number): Promise<void> {
    const args = [...encodeAttempt(attempt), nextAt, mostAttemptsKept]
    await runScript<number>(this.redis, scripts.recordAttempt, [this.keyOf(id)], args)
  }

  /** Notes that it cannot be tried before a fault of ours is mended. */
  async hold(id: string, by: DeliveryHold, nextAt: number): Promise<void> {
    await runScript<number>(this.redis, scripts.hold, [this.keyOf(id)], [by, nextAt])
  }

  /**
   * Ends a delivery, with its last attempt where that was made now. Gives the key of a body that is of no use any more,
   * null where there is none.
   */
  async end(id: string, state: DeliveryEnd, attempt: DeliveryAttempt | null): Promise<string | null> {
    const prediction = predictionOfDelivery(id)
    const bodyKey = await runScript<string>(
      this.redis,
      scripts.end,
      [this.keyOf(id), this.keys.outbox(tagOfId(prediction))],
      [
        id,
        state,
        this.retentionMs,
        this.keys.endedChannel(prediction),
        mostAttemptsKept,
        ...(attempt === null ? [] : encodeAttempt(attempt)),
      ],
    )
    return bodyKey === '' ? null : bodyKey
  }

  /** Has a delivery made again. `body` is used where none is kept. */
  async reopen(
    id: string,
    body: Pick<Delivery, 'body' | 'bodyKey'> | null,
    nowMs: number,
  ): Promise<ReopenOutcome> {
    const keys = [this.keyOf(id), this.keys.outbox(tagOfId(predictionOfDelivery(id)))]
    const args = [id, nowMs, ...(body === null ? ['', ''] : bodyField(body))]
    return runScript<ReopenOutcome>(this.redis, scripts.reopen, keys, args)
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

  private keyOf(id: string): string {
    return this.keys.delivery(tagOfId(predictionOfDelivery(id)), id)
  }
}
