import { ServiceError } from '@augur/core/errors'

interface Gauge {
  inc(): void
  dec(): void
}

export interface WaitingLimits {
  /** Requests that this process holds at most; 0: any number. */
  total: number
  /** How many of them may be of one tenant; 0: all. */
  perTenant: number
}

/** Requests that are held until a prediction ends. All of them are let go when the process stops. */
export class WaitingClients {
  private readonly held = new Set<AbortController>()
  private readonly byTenant = new Map<string, number>()
  private stopped = false

  constructor(
    private readonly gauge: Gauge,
    private readonly limits: WaitingLimits,
  ) {}

  /** Whether everybody was let go because the process stops. */
  get isStopped(): boolean {
    return this.stopped
  }

  /**
   * To be asked before anything is created for a caller who wants to wait.
   * @throws ServiceError `overloaded` when the process holds as many as it may, `quota_exceeded` when the tenant has them
   */
  refuseTooMany(tenant: string): void {
    const { total, perTenant } = this.limits
    const later = { retryAfterSeconds: 1 }
    if (total > 0 && this.held.size >= total)
      throw new ServiceError('overloaded', 'As many requests wait as this server holds.', later)
    if (perTenant > 0 && (this.byTenant.get(tenant) ?? 0) >= perTenant)
      throw new ServiceError('quota_exceeded', `No more than ${perTenant} requests may wait at once.`, {
        ...later,
        quota: { name: 'waiting-requests', most: perTenant },
      })
  }

  /** Runs `wait` with a signal that is aborted when the client leaves or the process stops. */
  async hold<T>(tenant: string, client: AbortSignal, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const release = () => controller.abort()
    if (this.stopped || client.aborted) release()
    client.addEventListener('abort', release)
    this.held.add(controller)
    this.count(tenant, 1)
    try {
      return await wait(controller.signal)
    } finally {
      client.removeEventListener('abort', release)
      this.held.delete(controller)
      this.count(tenant, -1)
    }
  }

  /** From now on nobody is held. */
  stop(): void {
    this.stopped = true
    for (const controller of this.held) controller.abort()
  }

  private count(tenant: string, change: 1 | -1): void {
    const now = (this.byTenant.get(tenant) ?? 0) + change
    if (now === 0) this.byTenant.delete(tenant)
    else this.byTenant.set(tenant, now)
    this.gauge[change === 1 ? 'inc' : 'dec']()
  }
}
