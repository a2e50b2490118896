import type { ElementType, TensorSpec } from '@augur/core/models/manifest'
import { datatypeOf } from '@augur/core/tensors/datatype'
import { bytesToElements, elementBytes, elementsToBytes } from '@augur/core/tensors/element-bytes'
import { readElements, writeElements } from './nested-arrays.js'
import { InvalidInputError } from './pipelines/pipeline.js'
import { bytesOf, emptyData, type Tensor, type TensorData, viewData } from './tensor.js'

/** How the elements of a tensor are written: one after the other, or as their bytes in base64. */
export type Encoding = 'data' | 'base64'

/** Reads a tensor whose encoding the API has checked. Throws `InvalidInputError`. */
export function readEncodedTensor(value: object, { name, type }: TensorSpec): Tensor {
  const { shape, data, base64 }: Record<string, unknown> = { ...value }
  if (!isShape(shape)) throw new InvalidInputError(`${name} must have a shape`)
  if (typeof base64 === 'string')
    return { type, dims: shape, data: readBytes(type, Buffer.from(base64, 'base64')) }
  if (Array.isArray(data)) return { type, dims: shape, data: readElements(type, data) }
  throw new InvalidInputError(`${name} must have data or base64`)
}

/** Writes a whole tensor. NaN, the infinities and 64-bit integers in `data` are for `encodeJson` to write. */
export function writeEncodedTensor(tensor: Tensor, encoding: Encoding): object {
  const head = { datatype: datatypeOf(tensor.type), shape: tensor.dims }
  if (encoding === 'data') return { ...head, data: writeElements(tensor) }
  return { ...head, base64: writeBytes(tensor).toString('base64') }
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0)
}

/** A view of the bytes, not a copy, unless they lie where the type's elements may not. */
function readBytes(type: ElementType, bytes: Buffer): TensorData[ElementType] {
  if (type === 'string') return readStrings(bytes)
  const size = elementBytes[type]
  if (bytes.length % size !== 0) throw new InvalidInputError('base64 of a tensor ends within an element')
  if (bytes.byteOffset % size === 0) return viewData(type, bytes)
  const data = emptyData(type, bytes.length / size)
  bytesOf(data).set(bytes)
  return data
}

function readStrings(bytes: Buffer): string[] {
  try {
    return bytesToElements('string', bytes).map(String)
  } catch {
    throw new InvalidInputError('base64 of a tensor ends within a string')
  }
}

function writeBytes({ data }: Tensor): Buffer {
  if (Array.isArray(data)) return elementsToBytes('string', data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
