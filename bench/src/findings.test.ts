import { expect, test } from 'vitest'
import { summarise } from './findings.js'

const figure = { title: 'ms', places: 1, values: [2, 8, 3] }

test('a ratio is taken within each round, and its median is none of medians', () => {
  const { value, floor, ratio } = summarise({ ...figure, floor: { name: 'bare', values: [1, 2, 3] } })
  expect(value.median).toBe(3)
  expect(floor?.median).toBe(2)
  expect(ratio).toEqual({ median: 2, min: 1, max: 4 })
})

test('a target is asked of the ratio where there is a floor, and of the value where there is none', () => {
  const bare = { name: 'bare', values: [4, 16, 6] }
  expect(summarise({ ...figure, floor: bare, target: { atMost: 0.5 } }).isReached).toBe(true)
  expect(summarise({ ...figure, floor: bare, target: { atLeast: 0.6 } }).isReached).toBe(false)
  expect(summarise({ ...figure, target: { atMost: 2.9 } }).isReached).toBe(false)
  expect(summarise(figure).isReached).toBeNull()
})

test('a floor of nothing has no ratio, and its target is open', () => {
  const none = { name: 'bare', values: [1, 0, 1] }
  expect(summarise({ ...figure, floor: none, target: { atMost: 1 } })).toMatchObject({
    ratio: null,
    isReached: null,
  })
})
