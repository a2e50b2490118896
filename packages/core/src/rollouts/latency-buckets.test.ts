import fc from 'fast-check'
import { expect, test } from 'vitest'
import { percentile } from '../statistics/quantiles.js'
import { bucketOf, quantileOf } from './latency-buckets.js'

test('a quantile is within five percent of the true one', () => {
  const latency = fc.double({ min: 1, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(latency, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95, 0.99),
      (all, p) => {
        const buckets = new Map<number, number>()
        for (const ms of all) buckets.set(bucketOf(ms), (buckets.get(bucketOf(ms)) ?? 0) + 1)
        const [found, right] = [quantileOf(buckets, p) ?? Number.NaN, percentile(all, p)]
        expect(Math.abs(found - right) / right).toBeLessThan(0.051)
      },
    ),
  )
})

test('nothing has no quantile', () => {
  expect(quantileOf(new Map(), 0.5)).toBeNull()
})
