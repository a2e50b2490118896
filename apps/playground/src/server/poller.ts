export interface PolledState<T> {
  /** The newest that is known; null until there is one. */
  value: T | null
  /** Why the newest attempt failed. */
  error: string | null
}

export interface Poller {
  /** For the clock: reads, unless a read is under way, whose answer is to be seen however slow it is. */
  poll(): Promise<void>
  /** For people: reads now, and nothing that was asked before is shown any more. */
  reload(): Promise<void>
  /** Shows nothing any more. */
  stop(): void
}

/** Polls that wait for the answer to one before them. After so many that one is given up. */
const mostSkipped = 10

/** Keeps what `read` gives: `show` is told of each change, and `explain` puts failures in words. */
export function createPoller<T>(
  read: () => Promise<T>,
  show: (change: (state: PolledState<T>) => PolledState<T>) => void,
  explain: (error: unknown) => string,
): Poller {
  let latest = 0
  let underWay = 0
  let skipped = 0

  async function reload(): Promise<void> {
    const turn = ++latest
    underWay++
    skipped = 0
    try {
      const value = await read()
      if (turn === latest) show(() => ({ value, error: null }))
    } catch (error) {
      if (turn === latest) show(({ value }) => ({ value, error: explain(error) }))
    } finally {
      underWay--
    }
  }

  return {
    reload,
    async poll() {
      if (underWay === 0 || ++skipped === mostSkipped) await reload()
    },
    stop: () => void latest++,
  }
}
