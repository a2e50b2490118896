import { useCallback, useState } from 'preact/hooks'
import { explain } from '../server/server.js'

export interface Action {
  /** Why the newest attempt failed; empty where it did not. */
  error: string
  isBusy: boolean
  /** Gives whether it worked. */
  run(action: () => Promise<unknown>): Promise<boolean>
}

/** Something that a button does, one at a time, and what went wrong with it. */
export function useAction(): Action {
  const [state, setState] = useState({ error: '', isBusy: false })
  const run = useCallback(async (action: () => Promise<unknown>) => {
    setState({ error: '', isBusy: true })
    try {
      await action()
      setState({ error: '', isBusy: false })
      return true
    } catch (error) {
      setState({ error: explain(error), isBusy: false })
      return false
    }
  }, [])
  return { ...state, run }
}
