import { setTimeout as delay } from 'node:timers/promises'
import { StartupError } from './startup-error.js'

/** Right before or right after a step that a part of a process takes. */
interface Place {
  part: string
  step: string
  when: 'before' | 'after'
}

/** Between which steps a process can be made to die: each name says what is done by then. */
const places = {
  'api.after-key-claim': { part: 'idempotency', step: 'begin', when: 'after' },
  'api.before-store': { part: 'predictions', step: 'create', when: 'before' },
  'api.after-store': { part: 'predictions', step: 'create', when: 'after' },
  'api.after-enqueue': { part: 'queues', step: 'add', when: 'after' },
  'api.before-key-store': { part: 'idempotency', step: 'created', when: 'before' },
  'api.after-key-store': { part: 'idempotency', step: 'created', when: 'after' },
  'worker.after-fetch': { part: 'predictions', step: 'claim', when: 'before' },
  'worker.after-claim': { part: 'predictions', step: 'claim', when: 'after' },
  'worker.after-run': { part: 'predictions', step: 'finish', when: 'before' },
  'worker.after-commit': { part: 'predictions', step: 'finish', when: 'after' },
  'worker.before-announce': { part: 'deliveries', step: 'add', when: 'before' },
  'worker.after-announce': { part: 'deliveries', step: 'add', when: 'after' },
  'deliverer.before-post': { part: 'deliveryStore', step: 'read', when: 'after' },
  'deliverer.after-post': { part: 'deliveryStore', step: 'end', when: 'before' },
  'deliverer.after-mark': { part: 'deliveryStore', step: 'end', when: 'after' },
} as const satisfies Record<string, Place>

export type PlaceName = keyof typeof places
export const failpointPlaces = Object.keys(places)

/** `kill`: SIGKILL to itself. `stop`: SIGSTOP, until somebody continues it. `fail`: the step throws. */
type Action = { kind: 'kill' | 'stop' | 'fail' } | { kind: 'delay'; ms: number }

export interface Failpoint {
  place: PlaceName
  action: Action
  /** Only this time that the place is passed, counted from 1; null: each time. */
  pass: number | null
}

const pattern = /^(?<place>[a-z.-]+):(?:(?<plain>kill|stop|fail)|delay=(?<ms>\d{1,6}))(?:#(?<pass>\d{1,9}))?$/

/** One `place:action` or `place:action#pass`; null when it is none. */
export function parseFailpoint(text: string): Failpoint | null {
  const { place, plain, ms, pass } = pattern.exec(text)?.groups ?? {}
  if (!isPlace(place)) return null
  const action: Action =
    plain === 'kill' || plain === 'stop' || plain === 'fail'
      ? { kind: plain }
      : { kind: 'delay', ms: Number(ms) }
  return { place, action, pass: pass === undefined ? null : Number(pass) }
}

const isPlace = (name: string | undefined): name is PlaceName =>
  name !== undefined && Object.hasOwn(places, name)

/**
 * Makes the parts of a process's context fail where they are told to. Without failpoints nothing is touched, so that
 * they cost nothing.
 * @throws StartupError in production mode, and where the process has no such part
 */
export function armFailpoints(
  {
    AUGUR_FAILPOINTS: failpoints,
    AUGUR_MODE: mode,
  }: { AUGUR_FAILPOINTS: readonly Failpoint[]; AUGUR_MODE: string },
  parts: object,
): void {
  if (failpoints.length === 0) return
  if (mode === 'production') throw new StartupError('AUGUR_FAILPOINTS is refused in production mode.')
  for (const failpoint of failpoints) arm(failpoint, parts)
}

function arm({ place, action, pass }: Failpoint, parts: object): void {
  const { part, step, when }: Place = places[place]
  const owner: unknown = Reflect.get(parts, part)
  const take: unknown = Object(owner)[step]
  if (typeof owner !== 'object' || owner === null || typeof take !== 'function')
    throw new StartupError(`AUGUR_FAILPOINTS: this process has no ${place}.`)
  let passed = 0
  const armed = async (...args: unknown[]): Promise<unknown> => {
    // A step without anything to do is none.
    const isTaken = !args.some((arg) => Array.isArray(arg) && arg.length === 0)
    const isDue = () => isTaken && (pass === null || ++passed === pass)
    if (when === 'before' && isDue()) await act(action, place)
    const result: unknown = await Reflect.apply(take, owner, args)
    // Where the step failed, the place behind it was not reached.
    if (when === 'after' && isDue()) await act(action, place)
    return result
  }
  Object.defineProperty(owner, step, { value: armed, configurable: true })
}

async function act(action: Action, place: PlaceName): Promise<void> {
  if (action.kind === 'delay') await delay(action.ms)
  else if (action.kind === 'fail') throw new Error(`failpoint ${place}`)
  else process.kill(process.pid, action.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP')
}
