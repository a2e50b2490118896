interface Waiting {
  bytes: number
  grant(isGranted: boolean): void
}

export interface TakeOptions {
  waitMs: number
  signal: AbortSignal
}

/** Room for bytes that are in memory at a time. Who finds none left waits for it, first come, first served. */
export class ByteBudget {
  private held = 0
  private waiting: Waiting[] = []

  constructor(private readonly mostBytes: number) {}

  /** Bytes that are taken. */
  get size(): number {
    return this.held
  }

  /**
   * Resolves with what gives the room back; null when there was none in time, or the signal was aborted. Who wants more
   * than there is at all gets everything.
   */
  async take(wanted: number, { waitMs, signal }: TakeOptions): Promise<(() => void) | null> {
    const bytes = Math.min(wanted, this.mostBytes)
    if (!(await this.turn(bytes, waitMs, signal))) return null
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.held -= bytes
      this.advance()
    }
  }

  private async turn(bytes: number, waitMs: number, signal: AbortSignal): Promise<boolean> {
    const leave = new AbortController()
    const turn = new Promise<boolean>((grant) => {
      const waiting = { bytes, grant }
      this.waiting.push(waiting)
      leave.signal.addEventListener('abort', () => this.remove(waiting))
    })
    const stop = () => leave.abort()
    const timer = setTimeout(stop, waitMs)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.advance()
    try {
      return await turn
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  private remove(waiting: Waiting): void {
    this.waiting = this.waiting.filter((each) => each !== waiting)
    waiting.grant(false)
    this.advance()
  }

  private advance(): void {
    for (let [next] = this.waiting; next && this.held + next.bytes <= this.mostBytes; [next] = this.waiting) {
      this.waiting.shift()
      this.held += next.bytes
      next.grant(true)
    }
  }
}
