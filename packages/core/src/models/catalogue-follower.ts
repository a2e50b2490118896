import { isRedisUnavailable } from '../redis/connection.js'
import { repeat } from '../repeat.js'
import type { Logger } from '../telemetry/logger.js'
import type { Catalogue } from './catalogue.js'
import type { CatalogueStore } from './catalogue-store.js'
import type { VersionId } from './version.js'

/** Keeps this process's view of the catalogue at most about a second old. */
export class CatalogueFollower {
  private catalogue: Catalogue | null = null
  private readonly lastServed = new Map<VersionId, number>()
  private readonly startedAt = Date.now()

  constructor(
    private readonly store: CatalogueStore,
    private readonly logger: Logger,
  ) {}

  /** The newest view; null until the first read has succeeded. */
  get current(): Catalogue | null {
    return this.catalogue
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    return repeat(
      () => this.refresh(),
      intervalMs,
      (error) => this.logger.error({ err: error }, 'catalogue could not be read'),
    )
  }

  async refresh(): Promise<void> {
    try {
      const catalogue = await this.store.read()
      for (const { id } of catalogue.versions) if (catalogue.isServed(id)) this.lastServed.set(id, Date.now())
      this.catalogue = catalogue
    } catch (error) {
      // The connection says so itself; the view that was there stays.
      if (!isRedisUnavailable(error)) this.logger.error({ err: error }, 'catalogue could not be read')
    }
  }

  isDraining(id: VersionId): boolean {
    return this.catalogue?.isDraining(id) ?? false
  }

  /** Milliseconds for which no worker has been ready for this version; 0 while one is. */
  unservedMs(id: VersionId): number {
    if (this.catalogue?.isServed(id)) return 0
    return Date.now() - (this.lastServed.get(id) ?? this.startedAt)
  }
}
