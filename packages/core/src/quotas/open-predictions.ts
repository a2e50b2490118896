import type { Redis } from 'ioredis'
import type { PredictionId } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScriptInOrder } from '../redis/script.js'

const script = loadScript(new URL('./add-open.lua', import.meta.url))

/** Refreshes after which a tenant that adds nothing is forgotten. */
const mostIdle = 60

/** What this process knows of one tenant. */
interface Known {
  /** By the newest answer of Redis. */
  count: number
  /** Added by this process, and not answered yet. */
  adding: number
  idle: number
}

type Owned = { tenant: string; id: PredictionId }

/**
 * Which predictions of a tenant have not ended. Ids and no counter, so that one whose end a crash kept from being
 * counted can be found and taken out.
 */
export class OpenPredictions {
  private readonly known = new Map<string, Known>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Adds one, if the tenant may have it: with it, `most` at most, or any number when that is 0. */
  async add({ tenant, id }: Owned, most = 0): Promise<boolean> {
    const known = this.knownOf(tenant)
    known.idle = 0
    known.adding++
    try {
      const count = await runScriptInOrder<number>(
        this.redis,
        script,
        [this.keys.tenantOpen(tenant)],
        [id, most],
      )
      if (count !== -1) known.count = count
      return count !== -1
    } finally {
      known.adding--
    }
  }

  async remove(predictions: readonly Owned[]): Promise<void> {
    const byTenant = new Map<string, PredictionId[]>()
    for (const { tenant, id } of predictions) byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), id])
    await Promise.all(
      [...byTenant].map(([tenant, ids]) => this.redis.srem(this.keys.tenantOpen(tenant), ...ids)),
    )
  }

  /** How many a tenant has, by what this process was told last and has added since. Asks only about one it does not know. */
  async recent(tenant: string): Promise<number> {
    const known = this.known.get(tenant)
    if (known) return known.count + known.adding
    const count = await this.count(tenant)
    this.knownOf(tenant).count = count
    return count
  }

  async count(tenant: string): Promise<number> {
    return this.redis.scard(this.keys.tenantOpen(tenant))
  }

  /** Asks for the counts of the tenants that this process had to do with lately. */
  async refresh(): Promise<void> {
    await Promise.all(
      [...this.known].map(async ([tenant, known]) => {
        if (known.idle++ >= mostIdle) this.known.delete(tenant)
        else known.count = await this.count(tenant)
      }),
    )
  }

  /** A page of ids, and where the next one begins; null after the last. */
  async scan(tenant: string, cursor: string, pageSize: number): Promise<[PredictionId[], string | null]> {
    const [next, ids] = await this.redis.sscan(this.keys.tenantOpen(tenant), cursor, 'COUNT', pageSize)
    return [ids, next === '0' ? null : next]
  }

  private knownOf(tenant: string): Known {
    const known = this.known.get(tenant) ?? { count: 0, adding: 0, idle: 0 }
    this.known.set(tenant, known)
    return known
  }
}
