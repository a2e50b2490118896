const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// npm passes Ctrl-C on to a process that got it from the terminal already: one key, two signals.
const oneKeyPressMs = 300

interface StopSignals {
  /** Aborted by the first signal. */
  first: AbortSignal
  /** Aborted when another one follows, which means: at once. */
  second: AbortSignal
  dispose(): void
}

/** Listens for requests to stop, from a terminal or another process. */
export function listenForStopSignals(): StopSignals {
  const first = new AbortController()
  let firstAt = 0
  const second = new AbortController()
  const listener = () => {
    if (!first.signal.aborted) {
      firstAt = Date.now()
      first.abort(new Error('Stopped by a signal.'))
    } else if (Date.now() - firstAt > oneKeyPressMs) {
      second.abort()
    }
  }
  for (const signal of signals) process.on(signal, listener)
  return {
    first: first.signal,
    second: second.signal,
    dispose: () => signals.forEach((signal) => process.off(signal, listener)),
  }
}
