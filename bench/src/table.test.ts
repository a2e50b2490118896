import { expect, test } from 'vitest'
import type { Figure } from './findings.js'
import { tableOf } from './table.js'

const line = (figure: Figure) =>
  tableOf({ title: 'a title', figures: [figure], isRight: true })
    .split('\n')
    .at(-1)
    ?.replaceAll(/ +/g, ' ')
    .trim()

test('a row shows medians, the ratio with its range, what is asked and whether it holds', () => {
  const floor = { name: 'bare', values: [1000, 2000, 4000] }
  const figure = { title: 'done /s', places: 0, values: [3000, 2000, 4000], floor, target: { atLeast: 1.5 } }
  expect(line(figure)).toBe('done /s 3,000 2,000 bare 1.00 (1.00 to 3.00) ≥ 1.5 misses')
  expect(line({ ...figure, target: { atLeast: 1 } })).toMatch(/≥ 1 holds$/)
})

test('a figure without a floor or a target leaves their places empty', () => {
  expect(line({ title: 'memory MB', places: 1, values: [2] })).toBe('memory MB 2.0')
})
