import fc from 'fast-check'
import { expect, test } from 'vitest'
import { softmax } from './softmax.js'
import { topK } from './top-k.js'

test('probabilities sum to 1 and keep the order of the scores, also of huge ones', () => {
  const scores = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 })
  fc.assert(
    fc.property(scores, (values) => {
      const probabilities = softmax(values)
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
      const best = topK(values, 1)[0] ?? -1
      expect(probabilities[best]).toBe(Math.max(...probabilities))
    }),
  )
})

test('the largest come first, equal ones in their order, and NaN last', () => {
  expect(topK([1, 3, Number.NaN, 3, 2], 4)).toEqual([1, 3, 4, 0])
  expect(topK([1, Number.NaN], 5)).toEqual([0, 1])
})

test('however many are wanted, they are the first of all in order', () => {
  const score = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(Number.NaN, -Infinity, Infinity))
  fc.assert(
    fc.property(fc.array(score), fc.nat(40), (values, k) => {
      expect(topK(values, k)).toEqual(topK(values, values.length + 17).slice(0, k))
    }),
  )
})
