import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { Catalogue, type CatalogueVersion, type WorkerPresence } from './catalogue.js'
import type { ModelVersion } from './version.js'

/** Seconds after which a worker that stopped announcing itself counts as gone. */
const presenceSeconds = 5

/** The only reader and writer of the catalogue in Redis. */
export class CatalogueStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Publishes a version; when it was published before, it keeps its age and takes over what is outside its id. */
  async publish(version: ModelVersion, nowMs: number): Promise<void> {
    const { id, model, label, manifest } = version
    const known = await this.redis.hget(this.keys.versions, id)
    const publishedAt = known === null ? nowMs : parseVersion(known).publishedAt
    const entry: CatalogueVersion = { id, model, label, manifest, publishedAt }
    await this.redis.hset(this.keys.versions, id, JSON.stringify(entry))
  }

  /** To be repeated every second or so: presence runs out by itself when a worker dies. */
  async announce(presence: WorkerPresence): Promise<void> {
    await this.redis
      .multi()
      .sadd(this.keys.workers, presence.worker)
      .set(this.keys.presence(presence.worker), JSON.stringify(presence), 'EX', presenceSeconds)
      .exec()
  }

  async withdraw(worker: string): Promise<void> {
    await this.redis.multi().srem(this.keys.workers, worker).del(this.keys.presence(worker)).exec()
  }

  async read(): Promise<Catalogue> {
    const [versions, workers] = await Promise.all([
      this.redis.hvals(this.keys.versions),
      this.redis.smembers(this.keys.workers),
    ])
    const presences =
      workers.length === 0 ? [] : await this.redis.mget(workers.map((id) => this.keys.presence(id)))
    const gone = workers.filter((_, i) => presences[i] === null)
    if (gone.length > 0) await this.redis.srem(this.keys.workers, ...gone)
    return new Catalogue(
      versions.map(parseVersion),
      presences.filter((text) => text != null).map(parsePresence),
    )
  }
}

// Both hold what `publish` and `announce` wrote.
const parseVersion = (text: string): CatalogueVersion => JSON.parse(text)
const parsePresence = (text: string): WorkerPresence => JSON.parse(text)
