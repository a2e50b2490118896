import type { Redis } from 'ioredis'
import { groupBy } from '../group-by.js'
import type { PredictionId } from '../ids.js'
import { type Prediction, predictionClasses } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'

const reserve = loadScript(new URL('./reserve.lua', import.meta.url))

/** What of a prediction is counted. */
export type Owned = Pick<Prediction, 'id' | 'tenant' | 'version' | 'class' | 'keyId'>
/** The predictions of one class that a tenant has in one queue. */
export type FlowName = Pick<Prediction, 'tenant' | 'version' | 'class'>

/** How many open predictions there may be; 0: any number. */
export interface OpenLimits {
  ofTenant: number
  ofKey: number
}

export type ReserveOutcome = 'reserved' | 'tenant_full' | 'key_full'

const outcomes: Readonly<Record<number, ReserveOutcome>> = { 0: 'tenant_full', 1: 'key_full', 2: 'reserved' }

/**
 * Which predictions of a tenant have not ended. Ids and no counters, so that one whose end a crash kept from being
 * counted can be found and taken out. They are scored by queue and class, which are counted by that; those of keys with a
 * limit of their own are kept once more, scored by key.
 */
export class OpenPredictions {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(predictions: readonly Owned[]): Promise<void> {
    await Promise.all(
      [...byTenant(predictions)].map(([tenant, ofTenant]) => {
        const scored = ofTenant.flatMap((prediction) => [flowScore(prediction), prediction.id])
        return this.redis.zadd(this.keys.tenantOpen(tenant), ...scored)
      }),
    )
  }

  /** Adds one if, with it, its tenant and its key have no more than they may have. */
  async reserve(prediction: Owned, limits: OpenLimits): Promise<ReserveOutcome> {
    const { tenant, id, keyId } = prediction
    const ofKey = keyId === null ? 0 : limits.ofKey
    const outcome = await runScript<number>(
      this.redis,
      reserve,
      [this.keys.tenantOpen(tenant), this.keys.tenantOpenByKey(tenant)],
      [id, flowScore(prediction), limits.ofTenant, keyId === null ? 0 : keyScore(keyId), ofKey],
    )
    return outcomes[outcome] ?? 'tenant_full'
  }

  /** Takes predictions out, and returns those that were there for a key. */
  async remove(predictions: readonly Owned[]): Promise<Owned[]> {
    const removing = [...byTenant(predictions)].map(async ([tenant, ofTenant]) => {
      const withKey = ofTenant.filter(({ keyId }) => keyId !== null)
      const [, ofKeys] = await Promise.all([
        this.redis.zrem(this.keys.tenantOpen(tenant), ...ofTenant.map(({ id }) => id)),
        withKey.length > 0
          ? this.redis.zrem(this.keys.tenantOpenByKey(tenant), ...withKey.map(({ id }) => id))
          : 0,
      ])
      return ofKeys > 0 ? withKey : []
    })
    return (await Promise.all(removing)).flat()
  }

  /** Puts predictions back that turned out not to have ended; `ofKeys`: those that were there for a key. */
  async restore(predictions: readonly Owned[], ofKeys: readonly Owned[]): Promise<void> {
    const back = new Set(predictions.map(({ id }) => id))
    await Promise.all([
      this.add(predictions),
      ...ofKeys.map(async ({ tenant, id, keyId }) => {
        if (keyId === null || !back.has(id)) return
        await this.redis.zadd(this.keys.tenantOpenByKey(tenant), keyScore(keyId), id)
      }),
    ])
  }

  /** How many a tenant has. */
  async count(tenant: string): Promise<number> {
    return this.redis.zcard(this.keys.tenantOpen(tenant))
  }

  /** How many of one class a tenant has in one queue. */
  async countOf(flow: FlowName): Promise<number> {
    const score = flowScore(flow)
    return this.redis.zcount(this.keys.tenantOpen(flow.tenant), score, score)
  }

  /** Which of these predictions are not there, though they ought to be. */
  async missing<T extends Owned>(predictions: readonly T[]): Promise<T[]> {
    const looking = [...byTenant(predictions)].map(async ([tenant, ofTenant]) => {
      const ids = ofTenant.map(({ id }) => id)
      const scores = await this.redis.zmscore(this.keys.tenantOpen(tenant), ids)
      return ofTenant.filter((_, i) => scores[i] === null)
    })
    return (await Promise.all(looking)).flat()
  }

  /** A page of ids, and where the next one begins; null after the last. */
  async scan(
    tenant: string,
    places: 'ofTenant' | 'ofKeys',
    cursor: string,
    pageSize: number,
  ): Promise<[PredictionId[], string | null]> {
    const key = places === 'ofTenant' ? this.keys.tenantOpen(tenant) : this.keys.tenantOpenByKey(tenant)
    const [next, found] = await this.redis.zscan(key, cursor, 'COUNT', pageSize)
    return [found.filter((_, i) => i % 2 === 0), next === '0' ? null : next]
  }

  /** Takes ids out of which nothing else is known. */
  async drop(tenant: string, ids: readonly PredictionId[]): Promise<void> {
    if (ids.length === 0) return
    const places = [this.keys.tenantOpen(tenant), this.keys.tenantOpenByKey(tenant)]
    await Promise.all(places.map((key) => this.redis.zrem(key, ...ids)))
  }
}

const byTenant = <T extends Owned>(predictions: readonly T[]) => groupBy(predictions, ({ tenant }) => tenant)

// Scores are exact up to 53 bits: 48 of the version's digest and the class, or 50 of the key's random id.
function flowScore({ version, class: predictionClass }: Omit<FlowName, 'tenant'>): number {
  const digits = Number.parseInt(version.slice(0, 12), 16)
  return digits * predictionClasses.length + predictionClasses.indexOf(predictionClass)
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

function keyScore(keyId: string): number {
  let score = 0
  for (const char of keyId.slice(0, 10)) score = score * alphabet.length + alphabet.indexOf(char)
  return score
}
