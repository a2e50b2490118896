import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseVector, poolVectors } from './pool-vectors.js'

/** Three tokens with vectors of two. */
const tensor = { type: 'float32' as const, dims: [1, 3, 2], data: new Float32Array([1, 2, 3, 6, 100, 100]) }

test('the mean counts the tokens of the text and not the padding behind them', () => {
  expect(poolVectors(tensor, 'mean', 2)).toEqual(new Float64Array([2, 4]))
  expect(poolVectors(tensor, 'mean', 1)).toEqual(new Float64Array([1, 2]))
})

test('cls takes the vector of the first token', () => {
  expect(poolVectors(tensor, 'cls', 3)).toEqual(new Float64Array([1, 2]))
})

test('a normalised vector has length 1 and its direction; zeros stay zeros', () => {
  expect(normaliseVector(new Float64Array([0, 0]))).toEqual(new Float64Array([0, 0]))
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(
      fc.float64Array({ minLength: 1, min: -1e6, max: 1e6, noNaN: true }),
      number,
      (vector, scale) => {
        fc.pre(Math.abs(scale) > 1e-3 && vector.some((value) => Math.abs(value) > 1e-3))
        const unit = normaliseVector(vector)
        expect(Math.hypot(...unit)).toBeCloseTo(1, 9)
        const other = normaliseVector(vector.map((value) => value * Math.abs(scale)))
        for (const [index, value] of unit.entries()) expect(other[index]).toBeCloseTo(value, 9)
      },
    ),
  )
})
