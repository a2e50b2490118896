import type { Redis } from 'ioredis'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'
import type { VerificationState } from './verification-state.js'

/** What workers read of the verifications in their repository. It outlives them. */
export class VerificationStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async publish(states: ReadonlyMap<VersionId, VerificationState>): Promise<void> {
    if (states.size === 0) return
    const fields = [...states].flatMap(([id, state]) => [id, JSON.stringify(state)])
    await this.redis.hset(this.keys.verifications, ...fields)
  }

  async read(id: VersionId): Promise<VerificationState> {
    const text = await this.redis.hget(this.keys.verifications, id)
    return text === null ? { state: 'missing' } : JSON.parse(text)
  }

  async readAll(): Promise<Map<VersionId, VerificationState>> {
    const found = await this.redis.hgetall(this.keys.verifications)
    return new Map(Object.entries(found).map(([id, text]) => [id, JSON.parse(text)]))
  }

  /** For a version that is gone. */
  async forget(id: VersionId): Promise<void> {
    await this.redis.hdel(this.keys.verifications, id)
  }
}
