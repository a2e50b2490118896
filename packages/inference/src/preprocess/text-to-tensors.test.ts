import type { TensorSpec } from '@augur/core/models/manifest'
import { expect, test } from 'vitest'
import { textToTensors } from './text-to-tensors.js'

const text = { ids: [2, 7, 3], typeIds: [0, 0, 1] }
const input = (name: string, type: TensorSpec['type'], length: number | string) => ({
  name,
  type,
  shape: ['N', length],
})

test('an input of open length is as long as the text, in the type that the model asks for', () => {
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => input(name, 'int64', 'S'))
  expect(textToTensors({ inputs }, undefined)(text)).toEqual({
    input_ids: { type: 'int64', dims: [1, 3], data: new BigInt64Array([2n, 7n, 3n]) },
    attention_mask: { type: 'int64', dims: [1, 3], data: new BigInt64Array([1n, 1n, 1n]) },
    token_type_ids: { type: 'int64', dims: [1, 3], data: new BigInt64Array([0n, 0n, 1n]) },
  })
})

test('an input of fixed length is padded on the right, and the mask leaves the padding out', () => {
  const inputs = ['input_ids', 'attention_mask'].map((name) => input(name, 'int32', 5))
  expect(textToTensors({ inputs }, 9)(text)).toEqual({
    input_ids: { type: 'int32', dims: [1, 5], data: new Int32Array([2, 7, 3, 9, 9]) },
    attention_mask: { type: 'int32', dims: [1, 5], data: new Int32Array([1, 1, 1, 0, 0]) },
  })
})

test('a fixed length without a token to pad with is refused', () => {
  expect(() => textToTensors({ inputs: [input('input_ids', 'int64', 5)] }, undefined)).toThrow('pad')
})
