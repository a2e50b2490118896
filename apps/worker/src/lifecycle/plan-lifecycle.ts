import type { VersionState } from '@augur/core/models/presence'
import type { FoundVersion } from '@augur/core/models/version'

/** A version that the repository holds and this worker is to serve. */
export interface Wanted {
  found: FoundVersion
  /** Differs when anything about it differs, also what is outside its id: tuning is served without a new version. */
  revision: string
  /** What its folder looked like. */
  fingerprint: string
  /** Milliseconds since 1970; the same for all that is found with one look. */
  foundAtMs: number
}

/** A version that this worker loads, serves or lets drain. Two may have one id, while tuning changes hands. */
export interface Holding {
  id: string
  model: string
  label: string
  revision: string
  fingerprint: string
  state: VersionState
  /** Whether it was ready once: only then may predictions wait for it. */
  hasServed: boolean
  /** It drains, and can be had back while its state is still `ready`. */
  isLeaving: boolean
  /** A load that failed may go better now, although its folder looks the same. */
  isRetryDue: boolean
}

export interface LifecycleView<H extends Holding> {
  wanted: readonly Wanted[]
  holdings: readonly H[]
  /** Models that nobody is to serve, whatever the repository holds. */
  unloaded: ReadonlySet<string>
  /** Places that are being written at the moment: nothing is concluded from them. */
  unsettled: ReadonlySet<string>
  /** Places with a problem. `owner/name:` stands for all of a model. */
  broken: ReadonlySet<string>
}

/**
 * `load`: stage and load it. `drain`: empty its queue, then let it go. `drop`: it never served, so let it go at once.
 * `revive`: it was draining and is wanted again.
 */
export type LifecycleAction<H> =
  | { kind: 'load'; wanted: Wanted }
  | { kind: 'drain' | 'drop' | 'revive'; holding: H }

/** Where a version stands in the repository; another id in the same place takes its place. */
export function placeOf({ model, label }: { model: string; label: string }): string {
  return `${model}:${label}`
}

/**
 * Decides what becomes of versions from what is wanted and what is held. New before old: what serves goes only once
 * its successor is ready, or when it has none. Doing what it says leads to a view for which it says nothing more.
 */
export function planLifecycle<H extends Holding>(view: LifecycleView<H>): LifecycleAction<H>[] {
  const wanted = view.wanted.filter(({ found }) => !view.unloaded.has(found.model))
  const coming = wanted.flatMap((each) => planWanted(view, each))
  const staying = view.holdings.filter(({ isLeaving }) => !isLeaving)
  const going = staying.flatMap((held) => planHeld({ ...view, wanted }, held))
  return [...coming, ...going]
}

function planWanted<H extends Holding>(view: LifecycleView<H>, wanted: Wanted): LifecycleAction<H>[] {
  const { holdings, broken } = view
  const same = holdings.filter((holding) => isSame(holding, wanted))
  const current = same.find(({ isLeaving }) => !isLeaving)
  if (current) {
    const mayGoBetter = current.isRetryDue || current.fingerprint !== wanted.fingerprint
    if (current.state !== 'load_failed' || !mayGoBetter) return []
    return [
      { kind: 'drop', holding: current },
      { kind: 'load', wanted },
    ]
  }
  const leaving = same.find(({ state }) => state === 'ready')
  // A copy of what is served already, in a place that comes first: it must not take the place of the original.
  const isCopy = holdings.some(
    (each) => each.id === wanted.found.id && !each.isLeaving && broken.has(placeOf(each)),
  )
  if (isCopy) return []
  return [leaving ? { kind: 'revive', holding: leaving } : { kind: 'load', wanted }]
}

function planHeld<H extends Holding>(view: LifecycleView<H>, held: H): LifecycleAction<H>[] {
  const { wanted, holdings, unloaded, unsettled, broken } = view
  const leave: LifecycleAction<H>[] = [{ kind: held.hasServed ? 'drain' : 'drop', holding: held }]
  if (unloaded.has(held.model)) return leave
  const place = placeOf(held)
  if (unsettled.has(place) || wanted.some((each) => isSame(held, each))) return []
  if (!held.hasServed) return leave
  if (broken.has(place) || broken.has(`${held.model}:`)) return []
  const successor =
    wanted.find(({ found }) => placeOf(found) === place) ?? wanted.find(({ found }) => found.id === held.id)
  if (successor && !holdings.some((each) => isReady(each) && isSame(each, successor))) return []
  return leave
}

const isSame = (holding: Holding, { found, revision }: Wanted) =>
  holding.id === found.id && holding.revision === revision

const isReady = ({ state, isLeaving }: Holding) => state === 'ready' && !isLeaving
