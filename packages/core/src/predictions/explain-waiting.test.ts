import { testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { Catalogue } from '../models/catalogue.js'
import type { VersionState } from '../models/presence.js'
import { explainWaiting, type WaitingContext } from './explain-waiting.js'

const now = 1_800_000_000_000

interface Situation {
  /** What a worker says of the version; none is there when left out. */
  state?: VersionState
  isPaused?: boolean
  ranPerSecond?: number | null
  position?: number | null
}

function explain({ state, isPaused = false, ranPerSecond = null, position = 6 }: Situation) {
  const { id, model, label } = testVersion
  const worker = { worker: 'w', versions: state ? [{ id, model, label, state }] : [], problems: [] }
  const context: WaitingContext = {
    catalogue: { current: new Catalogue([{ ...testVersion, publishedAt: 0 }], [worker]) },
    predictions: { queuePosition: async () => position },
    queueStates: { of: async () => ({ isPaused, ranPerSecond }) },
    now: () => now,
  }
  return explainWaiting(context, { id: 'any', model, version: id })
}

test.each([
  ['ready', 'queued'],
  ['loading', 'queued'],
  ['crash_looping', 'worker_crash_looping'],
  ['load_failed', 'no_worker_has_this_version'],
  ['stopped', 'no_worker_has_this_version'],
  [undefined, 'no_worker_has_this_version'],
] as const)('where the version is %s, a prediction waits because of: %s', async (state, reason) => {
  expect((await explain({ ...(state && { state }) })).reason).toBe(reason)
})

test('an operator who holds the queue is the reason whatever else is', async () => {
  expect(await explain({ isPaused: true, ranPerSecond: 2 })).toMatchObject({ reason: 'paused' })
  expect((await explain({ state: 'ready', isPaused: true })).reason).toBe('paused')
})

test('the start is estimated by position and rate, and only where both are known and the queue moves', async () => {
  const moving = { state: 'ready', ranPerSecond: 2 } as const
  expect((await explain(moving)).estimatedStartAt).toBe(now + 3000)
  expect((await explain({ ...moving, position: 0 })).estimatedStartAt).toBe(now)
  const still: Situation[] = [
    { ...moving, ranPerSecond: null },
    { ...moving, position: null },
    { ...moving, isPaused: true },
    { ranPerSecond: 2 },
  ]
  for (const situation of still) expect((await explain(situation)).estimatedStartAt).toBeNull()
})
