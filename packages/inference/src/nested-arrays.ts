import type { ElementType, TensorSpec } from '@augur/core/models/manifest'
import { jsonInteger } from '@augur/core/tensors/element-bytes'
import { nestedSizes } from '@augur/core/models/tensor-value'
import { fromHalf, toHalf } from '@augur/core/tensors/float16'
import { InvalidInputError } from './pipelines/pipeline.js'
import type { Tensor, TensorData } from './tensor.js'

const readers: { [Type in ElementType]: (elements: unknown[]) => TensorData[Type] } = {
  float32: (elements) => new Float32Array(elements.map(readFloat)),
  float64: (elements) => new Float64Array(elements.map(readFloat)),
  float16: (elements) => new Uint16Array(elements.map((element) => toHalf(readFloat(element)))),
  int8: (elements) => new Int8Array(elements.map(readInteger)),
  int16: (elements) => new Int16Array(elements.map(readInteger)),
  int32: (elements) => new Int32Array(elements.map(readInteger)),
  int64: (elements) => new BigInt64Array(elements.map(readLongInteger)),
  uint8: (elements) => new Uint8Array(elements.map(readInteger)),
  uint16: (elements) => new Uint16Array(elements.map(readInteger)),
  uint32: (elements) => new Uint32Array(elements.map(readInteger)),
  uint64: (elements) => new BigUint64Array(elements.map(readLongInteger)),
  bool: (elements) => new Uint8Array(elements.map(readBoolean)),
  string: (elements) => elements.map(readString),
}

/** Reads one prediction's part of a tensor from nested arrays. The result has the batch axis. Throws `InvalidInputError`. */
export function readNestedArrays(value: unknown, { name, type, shape }: TensorSpec): Tensor {
  const nested = typeof shape?.[0] === 'string' ? [value] : value
  const dims = measure(nested, shape)
  const elements: unknown[] = []
  if (!flatten(nested, dims, 0, elements)) {
    throw new InvalidInputError(`${name} must hold arrays of equal length that fit its shape`)
  }
  return { type, dims, data: readElements(type, elements) }
}

/** Elements as JSON holds them, in row-major order. Throws `InvalidInputError`. */
export function readElements<Type extends ElementType>(type: Type, elements: unknown[]): TensorData[Type] {
  return readers[type](elements)
}

/** Writes one prediction's part of a tensor as nested arrays, without the batch axis. */
export function writeNestedArrays(tensor: Tensor, { shape }: Pick<TensorSpec, 'shape'>): unknown {
  const dims = typeof shape?.[0] === 'string' ? tensor.dims.slice(1) : tensor.dims
  return nest(writeElements(tensor), dims)
}

/** Open dimensions are as long as the first array found on their level. */
function measure(nested: unknown, shape: TensorSpec['shape']): number[] {
  if (!shape) return nestedSizes(nested)
  let level = nested
  return shape.map((declared) => {
    const length = Array.isArray(level) ? level.length : 0
    level = Array.isArray(level) ? level[0] : undefined
    return typeof declared === 'number' ? declared : length
  })
}

function flatten(part: unknown, dims: number[], axis: number, into: unknown[]): boolean {
  if (axis === dims.length) {
    into.push(part)
    return true
  }
  return (
    Array.isArray(part) &&
    part.length === dims[axis] &&
    part.every((element) => flatten(element, dims, axis + 1, into))
  )
}

function nest(elements: unknown[], dims: readonly number[]): unknown {
  const [length, ...rest] = dims
  if (length === undefined) return elements[0]
  if (rest.length === 0) return elements
  const step = elements.length / Math.max(length, 1)
  return Array.from({ length }, (_, index) => nest(elements.slice(index * step, (index + 1) * step), rest))
}

/** Elements in row-major order; those that JSON has no number for are left to `encodeJson`. */
export function writeElements({ type, data }: Tensor): unknown[] {
  if (Array.isArray(data)) return data
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, jsonInteger)
  if (type === 'float16') return Array.from(data, fromHalf)
  if (type === 'bool') return Array.from(data, (element) => element !== 0)
  return Array.from(data)
}

function readFloat(element: unknown): number {
  if (typeof element === 'number') return element
  if (element === 'NaN' || element === 'Infinity' || element === '-Infinity') return Number(element)
  throw new InvalidInputError('an element of the input is not a number')
}

function readInteger(element: unknown): number {
  if (typeof element === 'number' && Number.isInteger(element)) return element
  throw new InvalidInputError('an element of the input is not an integer')
}

function readLongInteger(element: unknown): bigint {
  const isDigits = typeof element === 'string' && /^-?\d{1,20}$/.test(element)
  if (isDigits || (typeof element === 'number' && Number.isSafeInteger(element))) return BigInt(element)
  throw new InvalidInputError('an element of the input is not an exact integer')
}

function readBoolean(element: unknown): number {
  if (typeof element === 'boolean') return element ? 1 : 0
  throw new InvalidInputError('an element of the input is not a boolean')
}

function readString(element: unknown): string {
  if (typeof element === 'string') return element
  throw new InvalidInputError('an element of the input is not a string')
}
