import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { ServiceError } from './errors.js'
import { compareAndDelete } from './redis/compare-and-delete.js'
import { compareAndSet } from './redis/compare-and-set.js'
import type { Keys } from './redis/keys.js'
import { setIfAbsent } from './redis/set-if-absent.js'

interface Entry {
  /** Of what is created: a prediction, a batch or a file. */
  id: string
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

/** A creation that is this caller's to carry out; `written` is what its key reads until somebody takes it over. */
export interface BegunCreation {
  id: string
  written: string
}

/** `first`: create under this id. `replay`: it was created before under this id. */
export type IdempotencyOutcome = ({ kind: 'first' } & BegunCreation) | { kind: 'replay'; id: string }

/** How something with an id comes about. */
export interface Creation<T> {
  /**
   * Creates it under the id; creating twice under one id must be the same as creating once. A ServiceError says that it
   * was refused and that nothing is written.
   */
  create(id: string): Promise<T>
  /** Reads what an earlier request created. */
  existing(id: string): Promise<T>
}

export const fingerprintOf = (...parts: string[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64')

/**
 * Remembers for 24 h which id an `Idempotency-Key` stands for. The id is fixed before anything is created, so whoever
 * takes over after a crash creates the same thing, not a second one.
 */
export class IdempotencyKeys {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /**
   * Creates something once for all requests with the same key, under `newId` if this is the first of them.
   * @throws ServiceError as `begin` does, and `gone` when it was created and does not exist any more
   */
  async once<T>(
    request: IdempotentRequest,
    newId: string,
    nowMs: number,
    { create, existing }: Creation<T>,
  ): Promise<{ value: T; replayed: boolean }> {
    const begun = await this.begin(request, newId, nowMs)
    if (begun.kind === 'replay')
      return { value: await existing(begun.id).catch(rethrowAsGone), replayed: true }
    try {
      const value = await create(begun.id)
      await this.created(request, begun.id)
      return { value, replayed: false }
    } catch (error) {
      // Nobody else has seen the id: the next try begins anew, with an id of its own time.
      const isUndone = error instanceof ServiceError && begun.id === newId
      // Best effort: without it the next try waits until the lease runs out.
      await (isUndone ? this.refused(request, begun) : this.failed(request, begun)).catch(() => {})
      throw error
    }
  }

  /**
   * What an earlier request with the key created, before anything else is looked at that may have changed since; null
   * where none has.
   * @throws ServiceError `idempotency_mismatch`, or `gone` when it does not exist any more
   */
  async find<T>(request: IdempotentRequest, existing: Creation<T>['existing']): Promise<T | null> {
    const found = await this.redis.get(this.keyOf(request))
    if (found === null) return null
    const { id, creatingUntil } = entryOf(request, found)
    return creatingUntil === 0 ? existing(id).catch(rethrowAsGone) : null
  }

  /** @throws ServiceError `idempotency_mismatch` or, while the first creation is under way, `idempotency_in_progress`. */
  async begin(request: IdempotentRequest, newId: string, nowMs: number): Promise<IdempotencyOutcome> {
    const creatingUntil = nowMs + creationLeaseMs
    const mine = entryText({ id: newId, fingerprint: request.fingerprint, creatingUntil })
    const found = await setIfAbsent(this.redis, this.keyOf(request), mine, keptMs)
    if (found === null) return { kind: 'first', id: newId, written: mine }
    const entry = entryOf(request, found)
    if (entry.creatingUntil === 0) return { kind: 'replay', id: entry.id }
    if (entry.creatingUntil > nowMs) throw inProgress()
    // Its creator is gone. Of those who notice, one takes its place.
    const value = entryText({ ...entry, creatingUntil })
    const isOurs = await compareAndSet(this.redis, this.keyOf(request), { seen: found, value, ttlMs: keptMs })
    if (!isOurs) throw inProgress()
    return { kind: 'first', id: entry.id, written: value }
  }

  async created(request: IdempotentRequest, id: string): Promise<void> {
    const entry = entryText({ id, fingerprint: request.fingerprint, creatingUntil: 0 })
    await this.redis.set(this.keyOf(request), entry, 'PX', keptMs)
  }

  /**
   * Lets the next request with this key take over at once, under the same id. Nothing happens where somebody has already:
   * what that one wrote since stays.
   */
  async failed(request: IdempotentRequest, { id, written }: BegunCreation): Promise<void> {
    const value = entryText({ id, fingerprint: request.fingerprint, creatingUntil: 1 })
    await compareAndSet(this.redis, this.keyOf(request), { seen: written, value, ttlMs: keptMs })
  }

  /** Forgets the key, unless somebody took it over. */
  private async refused(request: IdempotentRequest, { written }: BegunCreation): Promise<void> {
    await compareAndDelete(this.redis, this.keyOf(request), written)
  }

  private keyOf({ tenant, key }: IdempotentRequest): string {
    return this.keys.idempotency(tenant, createHash('sha256').update(key).digest('hex'))
  }
}

const entryText = (entry: Entry) => JSON.stringify(entry)

function entryOf({ fingerprint }: IdempotentRequest, text: string): Entry {
  const entry: Entry = JSON.parse(text)
  if (entry.fingerprint === fingerprint) return entry
  throw new ServiceError('idempotency_mismatch', 'This Idempotency-Key was used with another request.')
}

function inProgress(): ServiceError {
  const detail = 'The first request with this Idempotency-Key is under way.'
  return new ServiceError('idempotency_in_progress', detail, { retryAfterSeconds: 1 })
}

/** It was there, or the key would not know its id. */
function rethrowAsGone(error: unknown): never {
  if (!(error instanceof ServiceError) || error.code !== 'not_found') throw error
  throw new ServiceError('gone', 'What was created with this Idempotency-Key is removed.')
}
