import { type ElementType, elementTypes } from '@augur/core/models/manifest'
import { elementsToBytes } from '@augur/core/tensors/element-bytes'
import { describe, expect, test } from 'vitest'
import { readEncodedTensor, writeEncodedTensor } from './encoded-tensors.js'
import { InvalidInputError } from './pipelines/pipeline.js'
import { emptyData, type Tensor } from './tensor.js'

const spec = (type: ElementType) => ({ name: 'x', type, shape: ['N'] })

describe.each(elementTypes)('%s', (type) => {
  const data = type === 'bool' ? [true, false, true] : type === 'string' ? ['a', 'é', ''] : [1, 2, 3]
  const bytes = elementsToBytes(type, data)

  test('is the same tensor from data and from base64', () => {
    const fromData = readEncodedTensor({ shape: [3], data }, spec(type))
    expect(readEncodedTensor({ shape: [3], base64: bytes.toString('base64') }, spec(type))).toEqual(fromData)
    expect([fromData.dims, fromData.data.constructor]).toEqual([[3], emptyData(type, 0).constructor])
  })

  test('is written as it was read', () => {
    const tensor = readEncodedTensor({ shape: [3], data }, spec(type))
    expect(JSON.parse(JSON.stringify(writeEncodedTensor(tensor, 'data')))).toMatchObject({ shape: [3], data })
    expect(writeEncodedTensor(tensor, 'base64')).toMatchObject({ base64: bytes.toString('base64') })
  })
})

test('a part of a larger tensor is written without its neighbours', () => {
  const row: Tensor = { type: 'int16', dims: [1, 2], data: Int16Array.of(9, 1, 2, 9).subarray(1, 3) }
  expect(writeEncodedTensor(row, 'base64')).toEqual({
    datatype: 'INT16',
    shape: [1, 2],
    base64: elementsToBytes('int16', [1, 2]).toString('base64'),
  })
})

test('bytes that lie where no element may start are read as well', () => {
  // Small buffers share one block of memory, at any offset.
  for (let bytes = 0; bytes < 8; bytes++) {
    Buffer.from('x'.repeat(bytes))
    const base64 = elementsToBytes('float64', [0.5]).toString('base64')
    expect(readEncodedTensor({ shape: [1], base64 }, spec('float64')).data).toEqual(Float64Array.of(0.5))
  }
})

test.each([
  ['no shape', { data: [1] }],
  ['an odd shape', { shape: [-1], data: [] }],
  ['neither data nor base64', { shape: [1] }],
  ['half an element', { shape: [1], base64: 'AAA=' }],
])('%s is the caller’s fault', (_what, value) => {
  expect(() => readEncodedTensor(value, spec('float32'))).toThrow(InvalidInputError)
})

test('bytes that end within a string are the caller’s fault', () => {
  expect(() => readEncodedTensor({ shape: [1], base64: '/////w==' }, spec('string'))).toThrow(
    InvalidInputError,
  )
})
