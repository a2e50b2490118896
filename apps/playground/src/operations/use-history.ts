import { useRef } from 'preact/hooks'
import type { Overview } from './wire.js'

const longest = 90

/** How many predictions of each version were open, look by look, since the page was opened. */
export function useHistory(overview: Overview | null): ReadonlyMap<string, readonly number[]> {
  const histories = useRef(new Map<string, number[]>())
  const seenAt = useRef('')
  if (overview && overview.at !== seenAt.current) {
    seenAt.current = overview.at
    for (const { version, open } of overview.versions) {
      const history = [...(histories.current.get(version) ?? []), open]
      histories.current.set(version, history.slice(-longest))
    }
  }
  return histories.current
}
