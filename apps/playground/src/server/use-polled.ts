import { useEffect, useMemo, useState } from 'preact/hooks'
import { createPoller, type PolledState } from './poller.js'
import { explain } from './server.js'

export interface Polled<T> extends PolledState<T> {
  reload(): Promise<void>
}

/**
 * What `read` gives, now and every so often while the page is seen. `read` must stay the same function for as long as it
 * reads the same thing.
 */
export function usePolled<T>(read: () => Promise<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<PolledState<T>>({ value: null, error: null })
  const poller = useMemo(() => createPoller(read, setState, explain), [read])

  useEffect(() => {
    void poller.reload()
    const timer = setInterval(() => {
      if (!document.hidden) void poller.poll()
    }, everyMs)
    return () => {
      clearInterval(timer)
      poller.stop()
    }
  }, [poller, everyMs])

  return { ...state, reload: poller.reload }
}
