import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canJoin, joinFeeds, joinKey, splitOutputs } from './batch-tensors.js'
import type { Tensor } from './tensor.js'

const float = (dims: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  dims,
  data: new Float32Array(data),
})

test('what was joined is split into the same rows, for numbers, 64-bit integers and strings', () => {
  const rows = fc.array(
    fc.tuple(fc.float({ noNaN: true }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.string()),
    {
      minLength: 1,
    },
  )
  fc.assert(
    fc.property(rows, (values) => {
      const feeds = values.map(([number, long, text]) => ({
        a: float([1, 2], number, 1),
        b: { type: 'int64' as const, dims: [1], data: BigInt64Array.of(long) },
        c: { type: 'string' as const, dims: [1, 1], data: [text] },
      }))
      const joined = joinFeeds(feeds)
      expect(joined.a?.dims).toEqual([values.length, 2])
      expect(splitOutputs(joined, values.length)).toEqual(feeds)
    }),
  )
})

test('rows of another length cannot be joined with the others', () => {
  expect(joinKey({ x: float([1, 2], 1, 2) })).not.toBe(joinKey({ x: float([1, 3], 1, 2, 3) }))
})

test('outputs without one row for each input are not split', () => {
  expect(splitOutputs({ y: float([1, 2], 1, 2) }, 2)).toBeUndefined()
})

test('only a model whose tensors all start with the same open dimension can join predictions', () => {
  const spec = (shape: (number | string)[]) => [{ name: 'x', type: 'float32' as const, shape }]
  expect(canJoin({ inputs: spec(['N', 3]), outputs: spec(['N']) })).toBe(true)
  expect(canJoin({ inputs: spec(['N', 3]), outputs: spec(['M']) })).toBe(false)
  expect(canJoin({ inputs: spec(['N', 3]), outputs: spec([1, 3]) })).toBe(false)
  expect(canJoin({ inputs: spec([1, 3]), outputs: spec([1, 3]) })).toBe(false)
  expect(canJoin({ inputs: spec([]), outputs: spec([]) })).toBe(false)
})
