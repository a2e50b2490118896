import { expect, test } from 'vitest'
import { figuresOf, type Round } from './single-figures.js'

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
      commands: { get: { calls: 1000, usec: 5000 }, set: { calls: 500, usec: 500 } },
      peakBytes: 0,
    },
  }
}

const comparison = { augur: [round(1), round(4)], yardstick: [round(0.5), round(2)], bare: [0.25, 0.5] }
const figure = (title: string) => figuresOf('poll', comparison).find((each) => each.title === title)

test('CPU seconds are given for 1,000 predictions, whatever the size of the round', () => {
  expect(figure('by poll: CPU s / 1,000: total')).toMatchObject({
    values: [2, 8],
    floor: { name: 'yardstick', values: [1, 4] },
  })
})

test('commands and their microseconds are those of all commands, for each prediction', () => {
  expect(figure('by poll: Redis commands / prediction')?.values).toEqual([3, 3])
  expect(figure('by poll: Redis µs / prediction')?.values).toEqual([11, 11])
})

test('the yardstick itself is measured against the bare queue', () => {
  expect(figure('by poll: the yardstick itself, CPU s / 1,000')).toMatchObject({
    values: [1, 4],
    floor: { name: 'bare queue', values: [0.25, 0.5] },
  })
})
