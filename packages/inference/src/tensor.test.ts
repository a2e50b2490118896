import { describe, expect, test } from 'vitest'
import { findMismatch, type Tensor } from './tensor.js'

const specs = [
  { name: 'ids', type: 'int32' as const, shape: ['N', 'S', 2] },
  { name: 'mask', type: 'bool' as const, shape: ['N', 'S'] },
]
const ids: Tensor = { type: 'int32', dims: [1, 2, 2], data: new Int32Array(4) }
const mask: Tensor = { type: 'bool', dims: [1, 2], data: new Uint8Array(2) }

describe('tensors are compared with their declaration', () => {
  test('fitting ones pass', () => {
    expect(findMismatch({ ids, mask }, specs)).toBeUndefined()
  })

  test('any rank passes where none is declared, but not another number of elements', () => {
    const open = [{ name: 'ids', type: 'int32' as const, shape: null }]
    expect(findMismatch({ ids }, open)).toBeUndefined()
    expect(findMismatch({ ids: { ...ids, dims: [3] } }, open)).toContain('ids does not hold')
  })

  test.each([
    ['a missing tensor', { ids }, 'mask is missing'],
    ['another type', { ids, mask: { ...mask, type: 'uint8' as const } }, 'mask must be of type bool'],
    ['another rank', { ids, mask: { ...mask, dims: [2] } }, 'mask must have 2 dimensions'],
    ['a fixed size', { ids: { ...ids, dims: [1, 4, 1] }, mask }, 'ids must have size 2 in dimension 2'],
    [
      'an open size that differs',
      { ids, mask: { ...mask, dims: [1, 3] } },
      'mask must have size 2 in dimension 1',
    ],
    ['too few elements', { ids, mask: { ...mask, data: new Uint8Array(1) } }, 'mask does not hold'],
    ['another kind of array', { ids, mask: { ...mask, data: new Int8Array(2) } }, 'mask must hold its data'],
  ])('%s is named', (_what, tensors, message) => {
    expect(findMismatch(tensors, specs)).toContain(message)
  })
})
