import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinFeeds, splitOutputs } from './batch-tensors.js'
import { cutOutputs, padFeeds } from './pad-tensors.js'
import { elementCount, emptyData, type Tensor } from './tensor.js'

const ints = (dims: number[], ...data: number[]): Tensor => ({
  type: 'int32',
  dims,
  data: Int32Array.from(data),
})
const spec = (name: string, ...shape: (number | string)[]) => ({ name, type: 'int32' as const, shape })

test('ragged inputs are filled up at the ends of their open dimensions', () => {
  const inputs = [spec('ids', 'N', 'S'), spec('pairs', 'N', 'S', 2)]
  const feeds = [
    { ids: ints([1, 1], 7), pairs: ints([1, 1, 2], 1, 2) },
    { ids: ints([1, 2], 8, 9), pairs: ints([1, 2, 2], 3, 4, 5, 6) },
  ]
  expect(padFeeds(feeds, inputs, { ids: -1, pairs: 0 })).toEqual([
    { ids: ints([1, 2], 7, -1), pairs: ints([1, 2, 2], 1, 2, 0, 0) },
    feeds[1],
  ])
})

test('every element type can be filled up', () => {
  const fill = (tensor: Omit<Tensor, 'dims'>, value: number | string | boolean) => {
    const { type } = tensor
    const longer = { type, dims: [1, 2], data: emptyData(type, 2) }
    const feeds = [{ x: { ...tensor, dims: [1, 1] } }, { x: longer }]
    return padFeeds(feeds, [{ name: 'x', type, shape: ['N', 'S'] }], { x: value })[0]?.x?.data
  }
  expect(fill({ type: 'string', data: ['a'] }, '<pad>')).toEqual(['a', '<pad>'])
  expect(fill({ type: 'int64', data: BigInt64Array.of(1n) }, '9007199254740993')).toEqual(
    BigInt64Array.of(1n, 9007199254740993n),
  )
  expect(fill({ type: 'bool', data: Uint8Array.of(1) }, false)).toEqual(Uint8Array.of(1, 0))
  expect(fill({ type: 'float16', data: Uint16Array.of(0) }, 1)).toEqual(Uint16Array.of(0, 0x3c00))
  expect(fill({ type: 'float32', data: Float32Array.of(1) }, '-Infinity')).toEqual(
    Float32Array.of(1, Number.NEGATIVE_INFINITY),
  )
})

test('outputs are cut back in the dimensions of the same name, and left alone in all others', () => {
  const manifest = {
    inputs: [spec('x', 'N', 'S')],
    outputs: [
      spec('same', 'N', 'S'),
      spec('other', 'N', 'T'),
      spec('pooled', 'N', 2),
      spec('shorter', 'N', 'S'),
    ],
  }
  const own = { x: ints([1, 1], 1) }
  const padded = { x: ints([1, 3], 1, 0, 0) }
  const outputs = {
    same: ints([1, 3], 1, 0, 0),
    other: ints([1, 3], 4, 5, 6),
    pooled: ints([1, 2], 7, 8),
    shorter: ints([1, 2], 9, 9),
  }
  expect(cutOutputs(outputs, { own, padded }, manifest)).toEqual({ ...outputs, same: ints([1, 1], 1) })
})

test('whatever their lengths, each prediction of a padded run gets back its own elements', () => {
  const manifest = { inputs: [spec('x', 'N', 'S', 2, 'T')], outputs: [spec('x', 'N', 'S', 2, 'T')] }
  const item = fc
    .tuple(fc.nat(3), fc.nat(4), fc.nat(4))
    .map(([rows, s, t]) => [rows, s, 2, t])
    .chain((dims) => {
      const length = elementCount(dims)
      return fc
        .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: length, maxLength: length })
        .map((data) => ({ x: ints(dims, ...data) }))
    })
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (feeds) => {
      const padded = padFeeds(feeds, manifest.inputs, { x: 0 })
      const parts = splitOutputs(
        joinFeeds(padded),
        feeds.map(({ x }) => x.dims[0] ?? 0),
      )
      const cut = feeds.map((own, index) =>
        cutOutputs(parts?.[index] ?? {}, { own, padded: padded[index] ?? {} }, manifest),
      )
      expect(cut).toEqual(feeds)
    }),
  )
})
