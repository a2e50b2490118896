import type { VersionState } from '@augur/core/models/presence'
import { testVersion } from '@augur/test-support/test-context'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Holding, type LifecycleView, placeOf, planLifecycle, type Wanted } from './plan-lifecycle.js'

/** Files `a`, `b`, … below a label; `tuning` is what is outside the id. */
function wanted(files: string, label = '1', tuning = ''): Wanted {
  const found = { ...testVersion, id: files, label, folder: `/models/test/${label}` }
  return { found, revision: `${label} ${files} ${tuning}`, fingerprint: `${files} as it was`, foundAtMs: 0 }
}

function held({ found, revision, fingerprint }: Wanted, more: Partial<Holding> = {}): Holding {
  const { id, model, label } = found
  const fresh = { hasServed: true, isLeaving: false, isRetryDue: false }
  return { id, model, label, revision, fingerprint, state: 'ready', ...fresh, ...more }
}

function plan(view: Partial<LifecycleView<Holding>>): string[] {
  const whole = {
    wanted: [],
    holdings: [],
    unloaded: new Set(''),
    unsettled: new Set(''),
    broken: new Set(''),
  }
  return planLifecycle({ ...whole, ...view }).map((action) =>
    action.kind === 'load' ? `load ${action.wanted.found.id}` : `${action.kind} ${action.holding.id}`,
  )
}

const [a, b] = [wanted('a'), wanted('b')]
const loading = { state: 'loading', hasServed: false } as const
const failed = { state: 'load_failed', hasServed: false } as const
const place = new Set([placeOf(testVersion)])
const model = new Set([testVersion.model])

test('what is found is loaded, once', () => {
  expect(plan({ wanted: [a] })).toEqual(['load a'])
  expect(plan({ wanted: [a], holdings: [held(a, loading)] })).toEqual([])
  expect(plan({ wanted: [a], holdings: [held(a)] })).toEqual([])
})

describe('other files under the same label', () => {
  test('the old version serves until the new one is ready, and then drains', () => {
    expect(plan({ wanted: [b], holdings: [held(a)] })).toEqual(['load b'])
    expect(plan({ wanted: [b], holdings: [held(a), held(b, loading)] })).toEqual([])
    expect(plan({ wanted: [b], holdings: [held(a), held(b)] })).toEqual(['drain a'])
  })

  test('a new version that fails to load leaves the old one serving', () => {
    expect(plan({ wanted: [b], holdings: [held(a), held(b, failed)] })).toEqual([])
  })

  test('a version that never served goes at once', () => {
    expect(plan({ wanted: [b], holdings: [held(a, loading)] })).toEqual(['load b', 'drop a'])
    expect(plan({ wanted: [b], holdings: [held(a, failed), held(b)] })).toEqual(['drop a'])
  })

  test('a crash-looping version is not given up before its successor is ready', () => {
    const crashing = held(a, { state: 'crash_looping' })
    expect(plan({ wanted: [b], holdings: [crashing, held(b, loading)] })).toEqual([])
    expect(plan({ wanted: [b], holdings: [crashing, held(b)] })).toEqual(['drain a'])
  })

  test('the old files put back are served again without loading while they still drain', () => {
    const old = held(a, { isLeaving: true })
    expect(plan({ wanted: [a], holdings: [old, held(b)] })).toEqual(['revive a'])
    expect(plan({ wanted: [a], holdings: [{ ...old, state: 'draining' }, held(b)] })).toEqual(['load a'])
  })
})

test('tuning outside the id changes hands in the same way', () => {
  const tuned = wanted('a', '1', 'two instances')
  expect(plan({ wanted: [tuned], holdings: [held(a)] })).toEqual(['load a'])
  expect(plan({ wanted: [tuned], holdings: [held(a), held(tuned, loading)] })).toEqual([])
  expect(plan({ wanted: [tuned], holdings: [held(a), held(tuned)] })).toEqual(['drain a'])
})

test('a renamed folder changes hands in the same way', () => {
  const renamed = wanted('a', '2')
  expect(plan({ wanted: [renamed], holdings: [held(a)] })).toEqual(['load a'])
  expect(plan({ wanted: [renamed], holdings: [held(a), held(renamed)] })).toEqual(['drain a'])
})

test('a copy in another folder does not take over what is served from the first one', () => {
  const copy = wanted('a', '0')
  expect(plan({ wanted: [copy], holdings: [held(a)], broken: place })).toEqual([])
  expect(plan({ wanted: [copy], holdings: [held(a)] })).toEqual(['load a'])
})

test('a removed folder drains when it served, and is dropped when it did not', () => {
  expect(plan({ holdings: [held(a)] })).toEqual(['drain a'])
  expect(plan({ holdings: [held(a, loading)] })).toEqual(['drop a'])
  expect(plan({ holdings: [held(a, { isLeaving: true })] })).toEqual([])
})

test('a folder that is being written, or whose manifest is broken, takes nothing away', () => {
  expect(plan({ holdings: [held(a)], unsettled: place })).toEqual([])
  expect(plan({ holdings: [held(a, loading)], unsettled: place })).toEqual([])
  expect(plan({ holdings: [held(a)], broken: place })).toEqual([])
  expect(plan({ holdings: [held(a)], broken: new Set([`${testVersion.model}:`]) })).toEqual([])
  expect(plan({ holdings: [held(a, failed)], broken: place })).toEqual(['drop a'])
})

test('an unloaded model drains whatever its folders say, and is loaded again when it may be', () => {
  expect(plan({ wanted: [a], holdings: [held(a)], unloaded: model })).toEqual(['drain a'])
  expect(plan({ wanted: [a], holdings: [held(a, loading)], unloaded: model })).toEqual(['drop a'])
  expect(plan({ holdings: [held(a)], unloaded: model, unsettled: place, broken: place })).toEqual(['drain a'])
  expect(plan({ wanted: [a], unloaded: model })).toEqual([])
  expect(plan({ wanted: [a], holdings: [held(a, { isLeaving: true })] })).toEqual(['revive a'])
})

test('a load that failed is tried again when its folder changed or when it is due, not before', () => {
  const again = ['drop a', 'load a']
  expect(plan({ wanted: [a], holdings: [held(a, failed)] })).toEqual([])
  expect(plan({ wanted: [{ ...a, fingerprint: 'mended' }], holdings: [held(a, failed)] })).toEqual(again)
  expect(plan({ wanted: [a], holdings: [held(a, { ...failed, isRetryDue: true })] })).toEqual(again)
  expect(plan({ wanted: [{ ...a, fingerprint: 'touched' }], holdings: [held(a)] })).toEqual([])
})

const files = fc.constantFrom('a', 'b', 'c')
const label = fc.constantFrom('1', '2')
const states = fc.constantFrom<VersionState>('loading', 'ready', 'load_failed', 'crash_looping')
const someWanted = fc
  .uniqueArray(fc.tuple(files, label), { selector: ([, name]) => name, maxLength: 2 })
  .map((places) => places.map(([id, name]) => wanted(id, name)))
const someHeld = fc.uniqueArray(
  fc.tuple(files, label, states, fc.boolean(), fc.boolean()).map(([id, name, state, served, isLeaving]) => {
    const hasServed = served || isLeaving || state === 'ready' || state === 'crash_looping'
    return held(wanted(id, name), { state, hasServed, isLeaving: isLeaving && state !== 'loading' })
  }),
  { selector: ({ revision, isLeaving }) => `${revision} ${isLeaving}`, maxLength: 6 },
)

/** Carries actions out, each load with success, until there is nothing to do; gives the holdings after each step. */
function converge(all: readonly Wanted[], start: readonly Holding[]): Holding[][] {
  const steps: Holding[][] = [[...start]]
  for (;;) {
    const holdings = steps.at(-1) ?? []
    const view = { wanted: all, holdings, unloaded: new Set(''), unsettled: new Set(''), broken: new Set('') }
    const actions = planLifecycle(view)
    const next = actions.reduce((now, action) => {
      if (action.kind === 'load') return [...now, held(action.wanted, loading)]
      const others = now.filter((each) => each !== action.holding)
      return action.kind === 'drop'
        ? others
        : [...others, { ...action.holding, isLeaving: action.kind === 'drain' }]
    }, holdings)
    const loads = next.findIndex((each) => each.state === 'loading')
    if (actions.length === 0 && loads === -1) return steps
    const loaded = (each: Holding) => ({ ...each, state: 'ready' as const, hasServed: true })
    steps.push(actions.length > 0 ? next : next.map((each, i) => (i === loads ? loaded(each) : each)))
  }
}

const isServing = ({ state, isLeaving }: Holding) => state === 'ready' && !isLeaving
const servedPlaces = (holdings: readonly Holding[]) => new Set(holdings.filter(isServing).map(placeOf))

test('from any state, a label that is wanted and served is never without a version on the way', () => {
  fc.assert(
    fc.property(someWanted, someHeld, (all, start) => {
      const kept = all.map(({ found }) => placeOf(found)).filter((each) => servedPlaces(start).has(each))
      for (const holdings of converge(all, start)) {
        expect([...servedPlaces(holdings)]).toEqual(expect.arrayContaining(kept))
      }
    }),
  )
})

test('from any state, what is served in the end is what is wanted, but for loads that failed', () => {
  fc.assert(
    fc.property(someWanted, someHeld, (all, start) => {
      const end = converge(all, start).at(-1) ?? []
      const stuck = end
        .filter(({ state, isLeaving }) => !isLeaving && state !== 'ready')
        .map(({ revision }) => revision)
      const due = all.map(({ revision }) => revision).filter((revision) => !stuck.includes(revision))
      expect(end.filter(isServing).map(({ revision }) => revision)).toEqual(expect.arrayContaining(due))
    }),
  )
})
