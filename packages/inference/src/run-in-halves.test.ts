import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BatchOutcome, runInHalves } from './run-in-halves.js'

type Nature = 'innocent' | 'crashes' | 'hangs' | 'hungry' | 'crashes once'
interface Item {
  id: number
  nature: Nature
}

/** A runner whose fate the natures of its items decide, and a ledger of all that happens to them. */
async function play(natures: Nature[], maxCharges?: number) {
  const items = natures.map((nature, id): Item => ({ id, nature }))
  const charges = new Map<number, number>()
  const settled = new Map<number, string[]>()
  const runs: number[][] = []
  const hasCrashed = new Set<number>()

  const run = async (batch: readonly Item[]): Promise<BatchOutcome<{ id: number }>> => {
    runs.push(batch.map(({ id }) => id))
    for (const { id, nature } of batch) {
      if (nature === 'crashes once' && hasCrashed.has(id)) continue
      if (nature.startsWith('crashes')) hasCrashed.add(id)
      if (nature === 'crashes' || nature === 'crashes once') return { kind: 'crashed' }
      if (nature === 'hangs') return { kind: 'timeout' }
      if (nature === 'hungry') return { kind: 'resource_limit' }
    }
    return { kind: 'ran', results: batch.map(({ id }) => ({ id })) }
  }
  await runInHalves(items, {
    run,
    charge: async ({ id }) => {
      charges.set(id, (charges.get(id) ?? 0) + 1)
      return charges.get(id) ?? 0
    },
    settle: (some) => {
      for (const { item, outcome } of some) {
        const end = outcome.kind === 'failed' ? outcome.code : `ran ${outcome.result.id}`
        settled.set(item.id, [...(settled.get(item.id) ?? []), end])
      }
    },
    ...(maxCharges !== undefined && { maxCharges }),
  })
  return { charges, settled, runs }
}

test('a batch that nothing kills runs once and is settled at once', async () => {
  const { runs, settled } = await play(['innocent', 'innocent', 'innocent'])
  expect(runs).toEqual([[0, 1, 2]])
  expect(settled.get(2)).toEqual(['ran 2'])
})

test('an item that kills its runner alone fails after three charges, and its neighbours never notice', async () => {
  const { runs, settled, charges } = await play(['innocent', 'innocent', 'crashes', 'innocent'])
  expect(runs).toEqual([[0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [2], [3]])
  expect([...settled.values()].flat()).toEqual(['ran 0', 'ran 1', 'runner_crashed', 'ran 3'])
  expect([...charges]).toEqual([[2, 3]])
})

test('a crash that does not repeat costs nobody a result', async () => {
  const { settled, charges } = await play(['crashes once', 'innocent'])
  expect([...settled.values()].flat()).toEqual(['ran 0', 'ran 1'])
  expect(charges.size).toBe(0)
})

test('running out of time or memory alone fails at once, without a charge', async () => {
  const { settled, charges, runs } = await play(['hangs', 'hungry'])
  expect([...settled.values()].flat()).toEqual(['timeout', 'resource_limit'])
  expect(charges.size).toBe(0)
  expect(runs).toEqual([[0, 1], [0], [1]])
})

test('no items, no run', async () => {
  expect((await play([])).runs).toEqual([])
})

test('a run that rejects leaves the unsettled items to the caller', async () => {
  const settled: object[] = []
  const end = runInHalves([{ id: 1 }, { id: 2 }], {
    run: () => Promise.reject(new Error('no runner')),
    charge: async () => 1,
    settle: (some) => settled.push(...some),
  })
  await expect(end).rejects.toThrow('no runner')
  expect(settled).toEqual([])
})

test('innocents never fail and are never charged; each item ends exactly once, as its nature says', async () => {
  const nature = fc.constantFrom<Nature>('innocent', 'innocent', 'crashes', 'hangs', 'hungry', 'crashes once')
  await fc.assert(
    fc.asyncProperty(fc.array(nature, { maxLength: 40 }), async (natures) => {
      const { settled, charges } = await play(natures)
      const ends = { crashes: 'runner_crashed', hangs: 'timeout', hungry: 'resource_limit' }
      for (const [id, each] of natures.entries()) {
        const expected = each === 'innocent' || each === 'crashes once' ? `ran ${id}` : ends[each]
        expect(settled.get(id)).toEqual([expected])
        expect(charges.has(id) && !each.startsWith('crashes')).toBe(false)
      }
    }),
  )
})

test('an item that is somebody else’s by now is run no more', async () => {
  let runs = 0
  const ends: string[] = []
  await runInHalves([{ id: 0 }], {
    run: async () => {
      runs++
      return { kind: 'crashed' }
    },
    charge: async () => 0,
    settle: (some) => void ends.push(...some.map(({ outcome }) => outcome.kind)),
  })
  expect([runs, ends]).toEqual([1, ['failed']])
})
