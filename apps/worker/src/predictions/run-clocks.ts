/** What is timed: by how long its prediction may run, in milliseconds, or null for as long as its version allows. */
interface Timed {
  prediction: { timeoutMs: number | null }
}

/** Tells of each item that runs for longer than its caller allows; of one that was stopped, never. */
export class RunClocks<T extends Timed> {
  private readonly timers = new Map<T, NodeJS.Timeout>()

  constructor(items: readonly T[], onTimeUp: (item: T) => void) {
    for (const item of items) {
      const { timeoutMs } = item.prediction
      if (timeoutMs === null) continue
      const timer = setTimeout(() => onTimeUp(item), timeoutMs)
      this.timers.set(item, timer)
    }
  }

  stop(items: Iterable<T> = this.timers.keys()): void {
    for (const item of items) clearTimeout(this.timers.get(item))
  }
}
