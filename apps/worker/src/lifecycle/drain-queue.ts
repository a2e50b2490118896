import { setTimeout as sleep } from 'node:timers/promises'
import { deadline } from '@augur/core/deadline'

export interface DrainOptions {
  /** Open predictions of the version, running ones included. */
  countOpen(): Promise<number>
  /** Whether another holding consumes the same queue: then there is nothing to wait for. */
  isHandedOver(): boolean
  /** APIs route by a view that is a moment old, so predictions may come for that long after the decision. */
  lingerMs: number
  /** What still waits after this long is given up. */
  drainMs: number
  signal: AbortSignal
}

const pollMs = 250

/** Waits, while the queue is still being consumed, until it is time to stop that. `aborted`: the version stays. */
export async function drainQueue(options: DrainOptions): Promise<'empty' | 'expired' | 'aborted'> {
  const startedAt = performance.now()
  for (;;) {
    if (options.signal.aborted) return 'aborted'
    if (options.isHandedOver()) return 'empty'
    const elapsedMs = performance.now() - startedAt
    if (elapsedMs >= options.drainMs) return 'expired'
    // Redis may be away; then nobody knows, and the time limit decides.
    if (elapsedMs >= options.lingerMs && (await countOf(options)) === 0) return 'empty'
    await sleep(pollMs, undefined, { signal: options.signal }).catch(() => undefined)
  }
}

/** A patient connection answers when Redis is back, which may be after everything is over. */
function countOf({ countOpen, signal }: DrainOptions): Promise<number> {
  const limit = deadline(1000, signal)
  const counted = new Promise<number>((resolve) => {
    limit.signal.addEventListener('abort', () => resolve(Number.NaN))
    countOpen().then(resolve, () => resolve(Number.NaN))
  })
  return counted.finally(limit.clear)
}
