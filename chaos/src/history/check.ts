import type { HistoryEvent } from './event.js'
import { History } from './history.js'
import { type InvariantName, invariants } from './invariants.js'

/** By invariant, what was wrong; only invariants that did not hold. */
export type Breaches = Partial<Record<InvariantName, string[]>>

/** Checks a history against every invariant. It looks at nothing else, and asks nobody. */
export function check(events: readonly HistoryEvent[]): Breaches {
  const history = new History(events)
  const names = Object.keys(invariants).filter((name): name is InvariantName => name in invariants)
  return Object.fromEntries(
    names.map((name) => [name, invariants[name](history)] as const).filter(([, faults]) => faults.length > 0),
  )
}
