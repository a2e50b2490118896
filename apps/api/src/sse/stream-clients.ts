import { ServiceError } from '@augur/core/errors'

interface Gauge {
  inc(): void
  dec(): void
}

export interface StreamLimits {
  /** Streams that this process holds open at most. */
  total: number
  /** How many of them may be of one tenant; 0: all. */
  perTenant: number
}

/** One open stream. */
export interface StreamClient {
  /** Aborted when the client has left or the process stops. */
  signal: AbortSignal
  /** Gives its place back, once. */
  leave(): void
}

/** Who reads a stream from this process. Everybody is let go when it stops. */
export class StreamClients {
  private readonly open = new Set<AbortController>()
  private readonly byTenant = new Map<string, number>()
  private stopped = false

  constructor(
    private readonly limits: StreamLimits,
    private readonly gauge: Gauge,
  ) {}

  get size(): number {
    return this.open.size
  }

  /** @throws ServiceError `overloaded` when the process has as many as it may, `quota_exceeded` when the tenant has */
  admit(tenant: string): StreamClient {
    this.refuseTooMany(tenant)
    const controller = new AbortController()
    if (this.stopped) controller.abort()
    this.open.add(controller)
    this.byTenant.set(tenant, this.countOf(tenant) + 1)
    this.gauge.inc()
    return { signal: controller.signal, leave: () => this.leave(tenant, controller) }
  }

  /** From now on every stream ends at once. */
  stop(): void {
    this.stopped = true
    for (const controller of this.open) controller.abort()
  }

  private refuseTooMany(tenant: string): void {
    const { total, perTenant } = this.limits
    const later = { retryAfterSeconds: 5 }
    if (this.open.size >= total)
      throw new ServiceError('overloaded', 'The server holds as many streams as it can.', later)
    if (perTenant > 0 && this.countOf(tenant) >= perTenant)
      throw new ServiceError('quota_exceeded', `No more than ${perTenant} streams may be open at once.`, {
        ...later,
        quota: { name: 'streams', most: perTenant },
      })
  }

  private countOf(tenant: string): number {
    return this.byTenant.get(tenant) ?? 0
  }

  private leave(tenant: string, controller: AbortController): void {
    if (!this.open.delete(controller)) return
    controller.abort()
    const left = this.countOf(tenant) - 1
    if (left === 0) this.byTenant.delete(tenant)
    else this.byTenant.set(tenant, left)
    this.gauge.dec()
  }
}
