import { ServiceError } from '@augur/core/errors'
import { InputSchemas } from '@augur/core/models/input-schemas'
import type { ElementType } from '@augur/core/models/manifest'
import { testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { atRequest } from './at-request.js'
import { inferRequest } from './schemas.js'
import { tensorInputs } from './tensor-inputs.js'

/** Faults that core finds in a request for a version with these inputs, all float32 of shape [2, 2]. */
function faultsOf(names: string[], inputs: object[], binary = Buffer.alloc(0)) {
  const specs = names.map((name) => ({ name, type: 'float32' as ElementType, shape: [2, 2] }))
  const version = { ...testVersion, manifest: { ...testVersion.manifest, inputs: specs } }
  const whole = inputs.map((input) => ({ datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4], ...input }))
  const request = inferRequest.parse({ inputs: whole })
  try {
    new InputSchemas().validate(version, tensorInputs(request, binary), 'tensors')
  } catch (error) {
    const moved = atRequest(error, request)
    return moved instanceof ServiceError ? moved.errors.map(({ pointer, detail }) => [pointer, detail]) : []
  }
  return []
}

test('a fault is told of the input it lies in, whatever the names of the others begin with', () => {
  const inputs = [{ name: 'x2' }, { name: 'x', shape: [2, 3] }]
  expect(faultsOf(['x', 'x2'], inputs)).toEqual([['/inputs/1/shape/1', 'inputs.1.shape.1: must be 2']])
})

test.each(['a/b', 'a~1b', 'a: b', 'é'.repeat(200)])('the name %j is found again', (name) => {
  const [fault] = faultsOf([name], [{ name, data: [1, 2, 3, null] }])
  expect(fault?.[0]).toBe('/inputs/0/data/3')
  expect(fault?.[1]).toMatch(/^inputs\.0\.data\.3: must be a number/)
})

test('a name that objects cannot hold is refused where it stands', () => {
  expect(faultsOf(['x'], [{ name: 'x' }, { name: '__proto__' }])[0]?.[0]).toBe('/inputs/1')
})

test('a nested element is told by its place in the nested arrays', () => {
  const data = [
    [1, 2],
    ['three', 4],
  ]
  expect(faultsOf(['x'], [{ name: 'x', data }])[0]?.[0]).toBe('/inputs/0/data/1/0')
})

test('bytes have no place of their own', () => {
  const input = { name: 'x', data: undefined, parameters: { binary_data_size: 8 } }
  expect(faultsOf(['x'], [input], Buffer.alloc(8))[0]?.[0]).toBe('/inputs/0')
})

test('an input that is missing is missing from the list', () => {
  expect(faultsOf(['x', 'y'], [{ name: 'x' }])).toEqual([['/inputs', 'inputs: y is required']])
})
