import { expect, test } from 'vitest'
import type { Experiment } from './experiment.js'
import { runExperiments } from './run-experiments.js'

const experiment = (id: string, isAlone: boolean): Experiment => ({
  id,
  title: id,
  isAlone,
  counts: { short: 1, quick: 1, full: 1 },
  rig: () => ({}),
  run: async () => {},
})

test('two run at a time, those that judge times run alone, and results come in their order', async () => {
  const all = Array.from({ length: 9 }, (_, i) => experiment(`${i}`, i % 3 === 0))
  const running = new Set<Experiment>()
  let most = 0
  let beside = 0
  const results = await runExperiments(all, 2, async (each) => {
    running.add(each)
    if (each.isAlone) beside += running.size - 1
    most = Math.max(most, running.size)
    await new Promise(setImmediate)
    running.delete(each)
    return each.id
  })
  expect(results).toEqual(all.map(({ id }) => id))
  expect([most, beside]).toEqual([2, 0])
})
