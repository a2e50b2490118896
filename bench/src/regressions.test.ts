import { expect, test } from 'vitest'
import type { Round } from './figures.js'
import { type CommittedReport, findRegressions } from './regressions.js'

function round(cpuSeconds: number, doneSeconds: number): Round {
  const load = { submitMs: [1, 1], submitSeconds: 1, doneSeconds, emptyAnswers: 0, wrong: 0, lost: 0 }
  const each = cpuSeconds / 3
  const commands = { get: { calls: 2, usec: 2 } }
  return { load, cost: { cpuSeconds: { redis: each, api: each, worker: each }, commands, peakBytes: 1 } }
}

/** Measured beside a yardstick that takes 1 CPU second and 1 second. */
const measured = (cpuSeconds: number, doneSeconds: number) => {
  const comparison = { augur: [round(cpuSeconds, doneSeconds)], yardstick: [round(1, 1)] }
  return { webhook: comparison, poll: comparison }
}

const summary = { totalCpuSeconds: { ratio: { median: 1 } }, donePerSecond: { ratio: { median: 1 } } }
const committed: CommittedReport = { results: { webhook: { summary }, poll: { summary } } }

const regressions = (cpuSeconds: number, doneSeconds: number) =>
  findRegressions(committed, measured(cpuSeconds, doneSeconds))
    .filter(({ isRegression }) => isRegression)
    .map(({ title }) => title)

test('what costs a fifth more, or is done a fifth slower, is no regression yet', () => {
  expect(regressions(1.19, 1.19)).toEqual([])
  expect(regressions(0.5, 0.5)).toEqual([])
})

test('what costs more than that is one, and so is what is done slower', () => {
  expect(regressions(1.21, 1)).toEqual(['webhook: CPU s / 1,000: total', 'poll: CPU s / 1,000: total'])
  expect(regressions(1, 1.21)).toEqual(['webhook: done /s', 'poll: done /s'])
})
