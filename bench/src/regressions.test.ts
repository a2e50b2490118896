import { expect, test } from 'vitest'
import type { Figure } from './findings.js'
import { type CommittedReport, findRegressions, findVoid } from './regressions.js'

const own = 'the yardstick itself, CPU s / 1,000'
const titles = ['CPU s / 1,000: total', 'done /s', own]

/** Measured beside floors of 1. */
function measured(cpuSeconds: number, perSecond: number, yardstick = 1): Figure[] {
  const values = [cpuSeconds, perSecond, yardstick]
  return ['webhook', 'poll'].flatMap((mode) =>
    titles.map((title, at) => ({
      title: `by ${mode}: ${title}`,
      places: 2,
      values: [values[at] ?? 0],
      floor: { name: 'floor', values: [1] },
    })),
  )
}

const ratio = { median: 1, min: 1, max: 1 }
const figures = measured(1, 1).map(({ title }) => ({ title, summary: { ratio } }))
const committed: CommittedReport = { experiments: { singles: { figures } } }

const regressions = (cpuSeconds: number, perSecond: number) =>
  findRegressions(committed, measured(cpuSeconds, perSecond))
    .filter(({ isRegression }) => isRegression)
    .map(({ title }) => title)

test('what costs a fifth more, or is done a fifth slower, is no regression yet', () => {
  expect(regressions(1.19, 1 / 1.19)).toEqual([])
  expect(regressions(0.5, 2)).toEqual([])
})

test('what costs more than that is one, and so is what is done slower', () => {
  expect(regressions(1.21, 1)).toEqual(['by webhook: CPU s / 1,000: total', 'by poll: CPU s / 1,000: total'])
  expect(regressions(1, 1 / 1.21)).toEqual(['by webhook: done /s', 'by poll: done /s'])
})

test('what a report does not have is not compared', () => {
  expect(findRegressions({ experiments: {} }, measured(9, 0.1))).toEqual([])
})

test('a run in which the yardstick itself costs a fifth more beside the bare queue cannot be compared', () => {
  expect(findVoid(committed, measured(1, 1, 1.19))).toEqual([])
  expect(findVoid(committed, measured(1, 1, 1.21))).toEqual([`by webhook: ${own}`, `by poll: ${own}`])
})
