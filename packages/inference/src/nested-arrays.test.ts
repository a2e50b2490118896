import type { ElementType } from '@augur/core/models/manifest'
import { describe, expect, test } from 'vitest'
import { readNestedArrays, writeNestedArrays } from './nested-arrays.js'

const long = '9223372036854775807'
const rows: [ElementType, unknown[]][] = [
  ['float32', [0.5, -2, 'NaN', '-Infinity']],
  ['float64', [0.1, 1e300, 'NaN', 'Infinity']],
  ['float16', [0.5, -65_504, 2 ** -24, 'Infinity']],
  ['int8', [-128, 127, 0, 1]],
  ['int16', [-32_768, 32_767, 0, 1]],
  ['int32', [-(2 ** 31), 2 ** 31 - 1, 0, 1]],
  ['int64', [-1, 2 ** 53 - 1, long, `-${long}`]],
  ['uint8', [0, 255, 1, 2]],
  ['uint16', [0, 65_535, 1, 2]],
  ['uint32', [0, 2 ** 32 - 1, 1, 2]],
  ['uint64', [0, 1, '18446744073709551615', 2]],
  ['bool', [true, false, true, true]],
  ['string', ['', 'é', 'null', 'NaN']],
]

test.each(rows)('%s elements are read and written without loss', (type, elements) => {
  const spec = { name: 'x', type, shape: ['N', 2, 2] }
  const [a, b, c, d] = elements
  const tensor = readNestedArrays(
    [
      [a, b],
      [c, d],
    ],
    spec,
  )
  expect(tensor.dims).toEqual([1, 2, 2])
  // NaN and the infinities become the same strings again when the output is encoded.
  expect(
    JSON.stringify(writeNestedArrays(tensor, spec), (_key, value) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    ),
  ).toBe(
    JSON.stringify([
      [a, b],
      [c, d],
    ]),
  )
})

describe('shapes', () => {
  const spec = (shape: (number | string)[]) => ({ name: 'x', type: 'float32' as const, shape })

  test.each([
    ['a scalar', [], 7, []],
    ['one number for each prediction', ['N'], 7, [1]],
    ['a fixed first dimension is no batch axis', [2], [1, 2], [2]],
    ['an open second dimension', ['N', 'S', 1], [[1], [2], [3]], [1, 3, 1]],
    ['nothing in an open dimension', ['N', 'S', 2], [], [1, 0, 2]],
  ])('%s', (_what, shape, value, dims) => {
    const tensor = readNestedArrays(value, spec(shape))
    expect(tensor.dims).toEqual(dims)
    expect(writeNestedArrays(tensor, spec(shape))).toEqual(value)
  })

  test.each([
    ['uneven rows', ['N', 'S', 'T'], [[1, 2], [3]]],
    ['rows that only add up', ['N', 'S', 'T'], [[1, 2], [3, 4, 5], [6]]],
    ['a number for an array', ['N', 2], 1],
    ['an array too deep', ['N', 1], [[1]]],
    ['nothing at all', ['N', 2], undefined],
    ['an element that is no number', ['N', 2], [1, null]],
  ])('%s is refused', (_what, shape, value) => {
    expect(() => readNestedArrays(value, spec(shape))).toThrow(
      expect.objectContaining({ name: 'InvalidInputError' }),
    )
  })
})
