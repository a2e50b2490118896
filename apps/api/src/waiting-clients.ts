interface Gauge {
  inc(): void
  dec(): void
}

/** Requests that are held until a prediction ends. All of them are let go when the process stops. */
export class WaitingClients {
  private readonly held = new Set<AbortController>()
  private stopped = false

  constructor(private readonly gauge: Gauge) {}

  /** Whether everybody was let go because the process stops. */
  get isStopped(): boolean {
    return this.stopped
  }

  /** Runs `wait` with a signal that is aborted when the client leaves or the process stops. */
  async hold<T>(client: AbortSignal, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const release = () => controller.abort()
    if (this.stopped || client.aborted) release()
    client.addEventListener('abort', release)
    this.held.add(controller)
    this.gauge.inc()
    try {
      return await wait(controller.signal)
    } finally {
      client.removeEventListener('abort', release)
      this.held.delete(controller)
      this.gauge.dec()
    }
  }

  /** From now on nobody is held. */
  stop(): void {
    this.stopped = true
    for (const controller of this.held) controller.abort()
  }
}
