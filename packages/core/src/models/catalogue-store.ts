import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { RolloutStore } from '../rollouts/rollout-store.js'
import { VerificationStore } from '../verification/verification-store.js'
import { Catalogue, type CatalogueVersion } from './catalogue.js'
import type { WorkerPresence } from './presence.js'
import type { ModelVersion, VersionId } from './version.js'

/** Seconds after which a worker that stopped announcing itself counts as gone. */
const presenceSeconds = 5

/** The only reader and writer of the catalogue in Redis. */
export class CatalogueStore {
  /** As they were read last, by their texts: versions hardly ever change, and are read every second. */
  private parsed = new Map<string, CatalogueVersion>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly rollouts = new RolloutStore(redis, keys),
    private readonly verifications = new VerificationStore(redis, keys),
  ) {}

  /**
   * Publishes a version that was found at that time. When it was published before, it keeps its age and takes over
   * what is outside its id; when it was removed, it is there again.
   */
  async publish(version: ModelVersion, foundAtMs: number): Promise<void> {
    const { id, model, label, manifest } = version
    const publishedAt = (await this.readVersion(id))?.publishedAt ?? foundAtMs
    await this.write({ id, model, label, manifest, publishedAt })
  }

  /** Publishes a version whose entry was lost, and leaves one that is there as it is. Tells whether it was missing. */
  async publishIfMissing(version: ModelVersion, foundAtMs: number): Promise<boolean> {
    const { id, model, label, manifest } = version
    const entry: CatalogueVersion = { id, model, label, manifest, publishedAt: foundAtMs }
    return (await this.redis.hsetnx(this.keys.versions, id, JSON.stringify(entry))) === 1
  }

  /** A worker saw it leave its repository, or was told to unload it. Where nobody has it, nobody is to wait for it. */
  async markRemoved({ id, model }: Pick<ModelVersion, 'id' | 'model'>, nowMs: number): Promise<void> {
    const version = await this.readVersion(id)
    // Its files may have become a version of another model.
    if (version?.model !== model || version.removedAt !== undefined) return
    await this.write({ ...version, removedAt: nowMs })
  }

  /** For a version of which nothing is open. */
  async forget(id: VersionId): Promise<void> {
    await Promise.all([
      this.redis.hdel(this.keys.versions, id),
      this.redis.srem(this.keys.drainingVersions, id),
      this.verifications.forget(id),
    ])
  }

  /** Has a version take no new predictions, or take them again. */
  async setDraining(id: VersionId, isDraining: boolean): Promise<void> {
    await this.redis[isDraining ? 'sadd' : 'srem'](this.keys.drainingVersions, id)
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
    const [versions, workers, rollouts, verifications, draining] = await Promise.all([
      this.redis.hvals(this.keys.versions),
      this.redis.smembers(this.keys.workers),
      this.rollouts.readAll(),
      this.verifications.readAll(),
      this.redis.smembers(this.keys.drainingVersions),
    ])
    const presences =
      workers.length === 0 ? [] : await this.redis.mget(workers.map((id) => this.keys.presence(id)))
    const gone = workers.filter((_, i) => presences[i] === null)
    if (gone.length > 0) await this.redis.srem(this.keys.workers, ...gone)
    return new Catalogue(
      this.parseAll(versions),
      presences.filter((text) => text != null).map(parsePresence),
      rollouts,
      verifications,
      new Set(draining),
    )
  }

  private parseAll(texts: readonly string[]): CatalogueVersion[] {
    const before = this.parsed
    this.parsed = new Map(texts.map((text) => [text, before.get(text) ?? parseVersion(text)]))
    return [...this.parsed.values()]
  }

  private async readVersion(id: VersionId): Promise<CatalogueVersion | undefined> {
    const text = await this.redis.hget(this.keys.versions, id)
    return text === null ? undefined : parseVersion(text)
  }

  private async write(version: CatalogueVersion): Promise<void> {
    await this.redis.hset(this.keys.versions, version.id, JSON.stringify(version))
  }
}

// Both hold what `publish` and `announce` wrote.
const parseVersion = (text: string): CatalogueVersion => JSON.parse(text)
const parsePresence = (text: string): WorkerPresence => JSON.parse(text)
