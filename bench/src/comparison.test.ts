import { expect, test } from 'vitest'
import { compareFigure } from './comparison.js'
import type { Round } from './figures.js'

/** A round of 500 predictions that took so many CPU seconds in all. */
function round(seconds: number): Round {
  return {
    load: {
      submitMs: Array.from({ length: 500 }, () => 1),
      submitSeconds: 1,
      doneSeconds: 2,
      emptyAnswers: 0,
      wrong: 0,
      lost: 0,
    },
    cost: {
      cpuSeconds: { redis: seconds / 2, api: seconds / 4, worker: seconds / 4 },
      commands: {},
      peakBytes: 0,
    },
  }
}

test('CPU seconds are given for 1,000 predictions, whatever the size of the round', () => {
  const compared = compareFigure('totalCpuSeconds', { augur: [round(1)], yardstick: [round(0.5)] })
  expect(compared).toEqual({ augur: 2, yardstick: 1, ratio: { median: 2, min: 2, max: 2 } })
})

test('a ratio compares what ran side by side, not the best of one with the worst of the other', () => {
  const augur = [round(1), round(4), round(2)]
  const yardstick = [round(1), round(2), round(4)]
  expect(compareFigure('totalCpuSeconds', { augur, yardstick }).ratio).toEqual({
    median: 1,
    min: 0.5,
    max: 2,
  })
})

test('where the yardstick has 0 there is no ratio', () => {
  expect(compareFigure('emptyAnswers', { augur: [round(1)], yardstick: [round(1)] }).ratio).toBeNull()
})
