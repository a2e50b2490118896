export interface RunForecastOptions {
  /** How long before its expected end a run counts as one that ends soon. */
  leadMs: number
  /** A run that takes longer than `leadMs` is about to end. */
  onEndingSoon(): void
  now(): number
}

/** How much a run counts against all before it. */
const weight = 0.25

/** Tells from how long runs lately took which of those under way will end soon. */
export class RunForecast {
  private usualMs: number | undefined
  private readonly underWay = new Set<{ startedAt: number }>()

  constructor(private readonly options: RunForecastOptions) {}

  /** Runs that are expected to end soon. One that takes twice as long as usual is not: nobody knows when it will. */
  get endingSoon(): number {
    const { usualMs = Number.NEGATIVE_INFINITY } = this
    const { leadMs, now } = this.options
    const elapsed = [...this.underWay].map(({ startedAt }) => now() - startedAt)
    return elapsed.filter((ms) => ms >= usualMs - leadMs && ms <= 2 * usualMs).length
  }

  /** Whether runs are over so soon that each ends soon from its beginning. */
  get areRunsShort(): boolean {
    return this.usualMs !== undefined && this.usualMs <= this.options.leadMs
  }

  /** A run begins. Gives the function to call when it ends. */
  begin(): () => void {
    const run = { startedAt: this.options.now() }
    this.underWay.add(run)
    const clock = this.startClock()
    return () => {
      clearTimeout(clock)
      this.underWay.delete(run)
      this.learn(this.options.now() - run.startedAt)
    }
  }

  private startClock(): NodeJS.Timeout | undefined {
    const { leadMs, onEndingSoon } = this.options
    if (this.usualMs === undefined || this.usualMs <= leadMs) return undefined
    // Timers may be early by a part of a millisecond.
    return setTimeout(onEndingSoon, this.usualMs - leadMs + 1)
  }

  private learn(ms: number): void {
    this.usualMs = this.usualMs === undefined ? ms : this.usualMs + weight * (ms - this.usualMs)
  }
}
