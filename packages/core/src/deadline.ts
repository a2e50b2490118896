/** A time limit that something waits under. */
export interface Deadline {
  /** Aborts when the time is over, or with the signal that it was given. */
  signal: AbortSignal
  /** To be called when the waiting is over. */
  clear(): void
}

/**
 * In place of `AbortSignal.any([AbortSignal.timeout(ms), signal])`: Node.js 20 may collect the first of the two as
 * garbage while somebody waits for it, and then it never aborts.
 */
export function deadline(ms: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  const timer = setTimeout(() => controller.abort(new Error('the time is over')), ms)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    },
  }
}
