import type { History } from './history/history.js'
import type { Rig, RigOptions } from './rig/rig.js'
import type { SeededRandom } from './seeded-random.js'

export type Profile = 'short' | 'quick' | 'full'

/** A figure that must lie within a bound. */
export interface Criterion {
  name: string
  value: number
  atMost?: number
  atLeast?: number
}

export interface Setting {
  profile: Profile
  random: SeededRandom
  /** How many of whatever the experiment repeats: submissions, kills. Chosen by the profile unless told. */
  count: number
}

/** What is done to the product, and what is asked of it beside the invariants. */
export interface Experiment {
  id: string
  title: string
  counts: Record<Profile, number>
  /** Its processes and settings. */
  rig(setting: Setting): Omit<RigOptions, 'root' | 'folder'>
  /** Sends load and makes faults. What it gives is judged beside the criteria from the history. */
  run(rig: Rig, setting: Setting): Promise<Criterion[] | void>
  criteria?(history: History, setting: Setting): Criterion[]
  /** From the last fault until all has ended, 60 s unless told. */
  settleWithinMs?: number
  /** It judges times of milliseconds, which no other experiment may run beside. */
  isAlone?: boolean
}

export const isMet = ({ value, atMost = Infinity, atLeast = -Infinity }: Criterion): boolean =>
  value <= atMost && value >= atLeast

/** Every accepted prediction succeeded. */
export const noFailures = (history: History): Criterion[] => [
  { name: 'failed', value: history.ended('failed'), atMost: 0 },
  { name: 'canceled', value: history.ended('canceled'), atMost: 0 },
]
