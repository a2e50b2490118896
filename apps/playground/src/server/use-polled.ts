import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { explain } from './server.js'

export interface Polled<T> {
  /** The newest that is known; null until there is one. */
  value: T | null
  /** Why the newest attempt failed. */
  error: string | null
  reload(): Promise<void>
}

/**
 * What `read` gives, now and every so often while the page is seen. `read` must stay the same function for as long as it
 * reads the same thing.
 */
export function usePolled<T>(read: () => Promise<T>, everyMs: number): Polled<T> {
  const [state, setState] = useState<{ value: T | null; error: string | null }>({ value: null, error: null })
  const latest = useRef(0)

  const reload = useCallback(async () => {
    const turn = ++latest.current
    try {
      const value = await read()
      if (turn === latest.current) setState({ value, error: null })
    } catch (error) {
      if (turn === latest.current) setState(({ value }) => ({ value, error: explain(error) }))
    }
  }, [read])

  useEffect(() => {
    void reload()
    const timer = setInterval(() => {
      if (!document.hidden) void reload()
    }, everyMs)
    return () => {
      clearInterval(timer)
      latest.current++
    }
  }, [reload, everyMs])

  return { ...state, reload }
}
