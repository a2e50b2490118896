import { z } from 'zod'
import type { TensorSpec } from '../models/manifest.js'
import { type Datatype, datatypeOf } from './datatype.js'
import { elementBytes, findBytesProblem, type JsonElement } from './element-bytes.js'
import { elementRules } from './element-rule.js'
import type { Fault } from './fault.js'

type JsonSchema = Record<string, unknown>

/** A whole tensor, batch axis included: elements in row-major order, or their bytes (see `findBytesProblem`). */
export type EncodedTensor = { datatype?: Datatype; shape: number[] } & (
  | { data: JsonElement[] }
  | { base64: string }
)

/** Most elements of a tensor, and the largest of its dimensions. */
export const mostElements = 2 ** 31 - 1
/** Most dimensions of a tensor whose rank its model leaves open. */
const highestRank = 8
const alphabet = /^[A-Za-z0-9+/]*={0,2}$/
const properties = ['datatype', 'shape', 'data', 'base64']

/** A tensor as data or base64, for one input of a version. The path of an issue leads to the faulty element. */
export function encodedTensor(spec: TensorSpec): z.ZodType {
  const check = (value: unknown, context: z.RefinementCtx): void => {
    const fault = findEncodedFault(value, spec)
    if (fault) context.addIssue({ code: 'custom', path: fault.path, message: fault.message })
  }
  return z.unknown().superRefine(check).meta(encodedTensorJsonSchema(spec))
}

/** JSON Schema of what `encodedTensor` accepts, as far as it can say so. */
export function encodedTensorJsonSchema({ type, shape }: TensorSpec): JsonSchema {
  const size = { type: 'integer', minimum: 0 }
  const sizes = shape?.map((declared) => (typeof declared === 'number' ? { const: declared } : size))
  return {
    type: 'object',
    properties: {
      datatype: { const: datatypeOf(type) },
      shape: sizes
        ? { type: 'array', prefixItems: sizes, minItems: sizes.length, maxItems: sizes.length }
        : { type: 'array', items: size, maxItems: highestRank },
      data: { type: 'array', items: elementRules[type].schema, description: 'In row-major order.' },
      base64: { type: 'string', contentEncoding: 'base64', description: 'Elements as little-endian bytes.' },
    },
    required: ['shape'],
    oneOf: [{ required: ['data'] }, { required: ['base64'] }],
    additionalProperties: false,
  }
}

/** The first fault of a value as an encoded tensor, or undefined: then it is an `EncodedTensor` that fits. */
export function findEncodedFault(value: unknown, spec: TensorSpec): Fault | undefined {
  if (value === undefined) return { path: [], message: 'is required' }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { path: [], message: 'must be an object of shape and data, or of shape and base64' }
  const unknown = Object.keys(value).find((key) => !properties.includes(key))
  if (unknown !== undefined) return { path: [unknown], message: 'is not a property of a tensor' }
  const { datatype, shape, data, base64 }: Record<string, unknown> = { ...value }
  if (datatype !== undefined && datatype !== datatypeOf(spec.type))
    return { path: ['datatype'], message: `must be ${datatypeOf(spec.type)}` }
  if (!Array.isArray(shape))
    return { path: ['shape'], message: shape === undefined ? 'is required' : 'must be an array' }
  if (data !== undefined && base64 !== undefined)
    return { path: ['data'], message: 'and base64 exclude each other' }
  const fault = findShapeFault(shape, spec.shape)
  if (fault) return { path: ['shape', ...fault.path], message: fault.message }
  const count = shape.reduce<number>((product, size) => product * size, 1)
  return base64 === undefined ? findDataFault(data, count, spec) : findBase64Fault(base64, count, spec)
}

function findShapeFault(shape: readonly unknown[], declared: TensorSpec['shape']): Fault | undefined {
  if (declared && shape.length !== declared.length)
    return { path: [], message: `must hold exactly ${declared.length} elements` }
  if (shape.length > highestRank && !declared)
    return { path: [], message: `must hold at most ${highestRank} elements` }
  let product = 1
  for (const [axis, size] of shape.entries()) {
    const expected = declared?.[axis]
    if (!isSize(size)) return { path: [axis], message: `must be an integer from 0 to ${mostElements}` }
    if (typeof expected === 'number' && size !== expected)
      return { path: [axis], message: `must be ${expected}` }
    // An empty tensor as well must have a shape that arithmetic can hold.
    product *= Math.max(size, 1)
  }
  return product > mostElements
    ? { path: [], message: `must stand for at most ${mostElements} elements` }
    : undefined
}

function isSize(size: unknown): size is number {
  return typeof size === 'number' && Number.isInteger(size) && size >= 0 && size <= mostElements
}

/** Stops at the first fault: an array of a million wrong elements is one issue, and cheap. */
function findDataFault(data: unknown, count: number, { type }: TensorSpec): Fault | undefined {
  if (data === undefined) return { path: ['data'], message: 'is required, or base64' }
  if (!Array.isArray(data)) return { path: ['data'], message: 'must be an array' }
  if (data.length !== count)
    return { path: ['data'], message: `must hold exactly ${count} elements, as shape says` }
  const { accepts, message } = elementRules[type]
  for (let index = 0; index < count; index++)
    if (!accepts(data[index])) return { path: ['data', index], message }
  return undefined
}

function findBase64Fault(base64: unknown, count: number, { type }: TensorSpec): Fault | undefined {
  if (typeof base64 !== 'string' || base64.length % 4 !== 0 || !alphabet.test(base64))
    return { path: ['base64'], message: 'must be base64 with its padding' }
  const length = Buffer.byteLength(base64, 'base64')
  const size = elementBytes[type]
  if (size !== undefined && length !== size * count)
    return { path: ['base64'], message: `must hold exactly ${size * count} bytes, as shape says` }
  // Any bits are a number; not so a boolean or a text.
  if (type !== 'bool' && type !== 'string') return undefined
  const problem = findBytesProblem(type, Buffer.from(base64, 'base64'), count)
  return problem === undefined ? undefined : { path: ['base64'], message: problem }
}
