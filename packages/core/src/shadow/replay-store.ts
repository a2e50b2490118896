import type { Redis } from 'ioredis'
import { isPredictionId, type ReplayId } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'

/** Stored inputs of a tenant that a version is to be given, unseen. */
export interface Replay {
  /** Names its comparison as well. */
  id: ReplayId
  tenant: string
  /** `owner/name`. */
  model: string
  candidate: VersionId
  /** Predictions that are repeated. */
  total: number
  /** Milliseconds since 1970. */
  createdAt: number
}

const keptMs = 90 * 24 * 3600 * 1000

/** The only reader and writer of replays. */
export class ReplayStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async write(replay: Replay): Promise<void> {
    await this.redis.set(this.keys.replay(replay.id), JSON.stringify(replay), 'PX', keptMs)
  }

  async read(id: string): Promise<Replay | null> {
    const text = isPredictionId(id) ? await this.redis.get(this.keys.replay(id)) : null
    return text === null ? null : JSON.parse(text)
  }

  async remove(id: ReplayId): Promise<void> {
    await this.redis.del(this.keys.replay(id))
  }
}
