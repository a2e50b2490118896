import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { ServiceError } from './errors.js'
import type { PredictionId } from './ids.js'
import type { Keys } from './redis/keys.js'

interface Entry {
  id: PredictionId
  fingerprint: string
  /** Until then somebody is creating it; 0 once it is created. */
  creatingUntil: number
}

const creationLeaseMs = 10_000
const keptMs = 24 * 3600 * 1000

export interface IdempotentRequest {
  tenant: string
  /** The value of the `Idempotency-Key` header. */
  key: string
  /** What makes two requests the same: the route and the body. */
  fingerprint: string
}

/** `first`: create under this id. `replay`: it was created before under this id. */
export type IdempotencyOutcome = { kind: 'first' | 'replay'; id: PredictionId }

export const fingerprintOf = (...parts: string[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64')

/**
 * Remembers for 24 h which id an `Idempotency-Key` stands for. The id is fixed before anything is created, so whoever
 * takes over after a crash creates the same prediction, not a second one.
 */
export class IdempotencyKeys {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** @throws ServiceError `idempotency_mismatch` or, while the first creation is under way, `idempotency_in_progress`. */
  async begin(request: IdempotentRequest, newId: PredictionId, nowMs: number): Promise<IdempotencyOutcome> {
    const mine = entryText({
      id: newId,
      fingerprint: request.fingerprint,
      creatingUntil: nowMs + creationLeaseMs,
    })
    const found = await this.redis.set(this.keyOf(request), mine, 'PX', keptMs, 'NX', 'GET')
    if (found === null) return { kind: 'first', id: newId }
    const entry: Entry = JSON.parse(found)
    if (entry.fingerprint !== request.fingerprint) {
      throw new ServiceError('idempotency_mismatch', 'This Idempotency-Key was used with another request.')
    }
    if (entry.creatingUntil === 0) return { kind: 'replay', id: entry.id }
    if (entry.creatingUntil > nowMs) {
      throw new ServiceError(
        'idempotency_in_progress',
        'The first request with this Idempotency-Key is under way.',
        {
          retryAfterSeconds: 1,
        },
      )
    }
    return { kind: 'first', id: entry.id }
  }

  async created(request: IdempotentRequest, id: PredictionId): Promise<void> {
    const entry = entryText({ id, fingerprint: request.fingerprint, creatingUntil: 0 })
    await this.redis.set(this.keyOf(request), entry, 'PX', keptMs)
  }

  /** Lets the next request with this key take over at once, under the same id. */
  async failed(request: IdempotentRequest, id: PredictionId): Promise<void> {
    const entry = entryText({ id, fingerprint: request.fingerprint, creatingUntil: 1 })
    await this.redis.set(this.keyOf(request), entry, 'PX', keptMs)
  }

  private keyOf({ tenant, key }: IdempotentRequest): string {
    return this.keys.idempotency(tenant, createHash('sha256').update(key).digest('hex'))
  }
}

const entryText = (entry: Entry) => JSON.stringify(entry)
