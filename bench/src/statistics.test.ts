import fc from 'fast-check'
import { expect, test } from 'vitest'
import { median, percentile } from '@augur/core/statistics/quantiles'
import { slopeOf, spread } from './statistics.js'

const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 50 })

test('a percentile is the nearest rank: one of the values, never between two', () => {
  const tens = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  expect([0, 0.05, 0.5, 0.51, 0.95, 0.99, 1].map((p) => percentile(tens, p))).toEqual([
    10, 10, 50, 60, 100, 100, 100,
  ])
})

test('at least the share p of the values is not above the percentile, and less than it lies below', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
      const found = percentile(all, percent / 100)
      const notAbove = all.filter((value) => value <= found).length
      const below = all.filter((value) => value < found).length
      expect(notAbove).toBeGreaterThanOrEqual((percent / 100) * all.length)
      expect(below).toBeLessThan((percent / 100) * all.length)
    }),
  )
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([5, 1, 3])).toBe(3)
})

test('order does not matter, and the values stay as they were', () => {
  fc.assert(
    fc.property(values, (all) => {
      const before = [...all]
      const forwards = [median(all), percentile(all, 0.9)]
      const backwards = all.toReversed()
      expect([median(backwards), percentile(backwards, 0.9)]).toEqual(forwards)
      expect(all).toEqual(before)
    }),
  )
})

test('a spread holds its median', () => {
  fc.assert(
    fc.property(values, (all) => {
      const { median: middle, min, max } = spread(all)
      expect(middle).toBeGreaterThanOrEqual(min)
      expect(middle).toBeLessThanOrEqual(max)
    }),
  )
})

test('nothing measured gives no number', () => {
  expect([median([]), percentile([], 0.5)]).toEqual([Number.NaN, Number.NaN])
})

test('a line has its own slope, and what swings about it evenly has the same', () => {
  expect(slopeOf([5, 7, 9, 11])).toBeCloseTo(2, 12)
  expect(slopeOf([3, 1, 1, 3])).toBeCloseTo(0, 12)
})
