import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canJoin, joinFeeds, joinKey, rowCount, splitOutputs } from './batch-tensors.js'
import type { Padding } from './pad-tensors.js'
import type { Tensor } from './tensor.js'

const float = (dims: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  dims,
  data: new Float32Array(data),
})

const spec = (...shape: (number | string)[]) => [{ name: 'x', type: 'float32' as const, shape }]

test('what was joined is split into the same parts, for numbers, 64-bit integers and strings, of any number of rows', () => {
  const row = fc.tuple(fc.float({ noNaN: true }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.string())
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 4 }), { minLength: 1 }), (items) => {
      const feeds = items.map((rows) => ({
        a: float([rows.length, 2], ...rows.flatMap(([number]) => [number, 1])),
        b: {
          type: 'int64' as const,
          dims: [rows.length],
          data: BigInt64Array.from(rows, ([, long]) => long),
        },
        c: { type: 'string' as const, dims: [rows.length, 1], data: rows.map(([, , text]) => text) },
      }))
      const joined = joinFeeds(feeds)
      expect(joined.a?.dims).toEqual([items.flat().length, 2])
      expect(splitOutputs(joined, feeds.map(rowCount))).toEqual(feeds)
    }),
  )
})

test('rows of another length cannot be joined with the others, unless they are padded', () => {
  const key = (length: number, padding: Padding) =>
    joinKey({ x: float([1, length], ...Array.from({ length }, Number)) }, spec('N', 'S'), padding)
  expect(key(2, {})).not.toBe(key(3, {}))
  expect(key(2, { x: 0 })).toBe(key(3, { x: 0 }))
})

test('outputs without the rows of all inputs are not split', () => {
  expect(splitOutputs({ y: float([1, 2], 1, 2) }, [1, 1])).toBeUndefined()
  expect(splitOutputs({ y: float([], 1) }, [1, 1])).toBeUndefined()
})

test('what one input alone gave is its own, in whatever shape', () => {
  const outputs = { y: float([], 1) }
  expect(splitOutputs(outputs, [3])).toEqual([outputs])
})

test('only a model whose tensors all start with the same open dimension, and have it nowhere else, can join predictions', () => {
  expect(canJoin({ inputs: spec('N', 3), outputs: spec('N') })).toBe(true)
  expect(canJoin({ inputs: spec('N', 3), outputs: spec('M') })).toBe(false)
  expect(canJoin({ inputs: spec('N', 3), outputs: spec('N', 'N') })).toBe(false)
  expect(canJoin({ inputs: spec('N', 3), outputs: spec(1, 3) })).toBe(false)
  expect(canJoin({ inputs: spec(1, 3), outputs: spec(1, 3) })).toBe(false)
  expect(canJoin({ inputs: spec(), outputs: spec() })).toBe(false)
  expect(canJoin({ inputs: [], outputs: spec('N') })).toBe(false)
  expect(canJoin({ inputs: [{ name: 'x', type: 'float32', shape: null }], outputs: spec('N') })).toBe(false)
})
