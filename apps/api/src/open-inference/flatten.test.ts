import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flatten, placeOf } from './flatten.js'

/** Nested arrays of this shape that hold 0, 1, 2 and so on, in row-major order. */
function nested(shape: readonly number[], next = { element: 0 }): unknown {
  const [size, ...inner] = shape
  return size === undefined ? next.element++ : Array.from({ length: size }, () => nested(inner, next))
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 })

test('nested arrays are flattened in row-major order, and each place is found again', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const data = nested(shape)
      const count = shape.reduce((product, size) => product * size, 1)
      const elements = flatten(Array.isArray(data) ? data : [], shape)
      // Below an axis of size 0 there is nothing to nest.
      expect(elements).toEqual(Array.from({ length: count }, (_, index) => index))
      for (let index = 0; index < count; index++) {
        const found = placeOf(index, shape).reduce<unknown>((inner, at) => Object(inner)[at], data)
        expect(found).toBe(index)
      }
    }),
  )
})

test('arrays that are nested otherwise are refused where they first differ', () => {
  expect(flatten([[1, 2], [3]], [2, 2])).toEqual({ path: [1], message: expect.stringContaining('exactly 2') })
  expect(flatten([[1, 2], 3], [2, 2])).toEqual({ path: [1], message: 'must be an array' })
  expect(flatten([[1]], [2, 1])).toEqual({ path: [], message: expect.stringContaining('exactly 2') })
})
