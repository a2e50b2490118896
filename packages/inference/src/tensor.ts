import type { ElementType, TensorSpec } from '@augur/core/models/manifest'

/** How the elements of each type are held: float16 as its bits, bool as 0 and 1. */
export interface TensorData {
  float32: Float32Array
  float64: Float64Array
  float16: Uint16Array
  int8: Int8Array
  int16: Int16Array
  int32: Int32Array
  int64: BigInt64Array
  uint8: Uint8Array
  uint16: Uint16Array
  uint32: Uint32Array
  uint64: BigUint64Array
  bool: Uint8Array
  string: string[]
}

/** `data` holds the product of `dims` elements, in row-major order. */
export interface Tensor<Type extends ElementType = ElementType> {
  type: Type
  dims: readonly number[]
  data: TensorData[Type]
}

/** Tensors by the name of the model's input or output. */
export type Tensors = Record<string, Tensor>

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1)
}

/** Zeros, or empty strings. */
export function emptyData<Type extends ElementType>(type: Type, length: number): TensorData[Type] {
  return allocate[type](length)
}

/** The bytes of numeric data, not copied. */
export function bytesOf(data: TensorData[ElementType]): Uint8Array {
  if (Array.isArray(data)) throw new TypeError('strings have no bytes of their own')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Numbers that lie in `bytes`, at an offset that their size divides. */
export function viewData<Type extends NumericType>(
  type: Type,
  { buffer, byteOffset, byteLength }: Uint8Array,
): TensorData[Type] {
  return view[type](buffer, byteOffset, byteLength)
}

const allocate: { [Type in ElementType]: (length: number) => TensorData[Type] } = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  float16: (length) => new Uint16Array(length),
  int8: (length) => new Int8Array(length),
  int16: (length) => new Int16Array(length),
  int32: (length) => new Int32Array(length),
  int64: (length) => new BigInt64Array(length),
  uint8: (length) => new Uint8Array(length),
  uint16: (length) => new Uint16Array(length),
  uint32: (length) => new Uint32Array(length),
  uint64: (length) => new BigUint64Array(length),
  bool: (length) => new Uint8Array(length),
  string: (length) => Array.from({ length }, () => ''),
}

type NumericType = Exclude<ElementType, 'string'>
type View<Type extends ElementType> = (
  buffer: ArrayBufferLike,
  offset: number,
  bytes: number,
) => TensorData[Type]

const view: { [Type in NumericType]: View<Type> } = {
  float32: (buffer, offset, bytes) => new Float32Array(buffer, offset, bytes / 4),
  float64: (buffer, offset, bytes) => new Float64Array(buffer, offset, bytes / 8),
  float16: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2),
  int8: (buffer, offset, bytes) => new Int8Array(buffer, offset, bytes),
  int16: (buffer, offset, bytes) => new Int16Array(buffer, offset, bytes / 2),
  int32: (buffer, offset, bytes) => new Int32Array(buffer, offset, bytes / 4),
  int64: (buffer, offset, bytes) => new BigInt64Array(buffer, offset, bytes / 8),
  uint8: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes),
  uint16: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes / 2),
  uint32: (buffer, offset, bytes) => new Uint32Array(buffer, offset, bytes / 4),
  uint64: (buffer, offset, bytes) => new BigUint64Array(buffer, offset, bytes / 8),
  bool: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes),
}

/** Says how tensors do not fit their declaration, or undefined. An open dimension has one size wherever its name stands. */
export function findMismatch(tensors: Tensors, specs: readonly TensorSpec[]): string | undefined {
  const sizes = new Map<string, number>()
  for (const spec of specs) {
    const tensor = Object.hasOwn(tensors, spec.name) ? tensors[spec.name] : undefined
    const problem = tensor ? findTensorMismatch(tensor, spec, sizes) : 'is missing'
    if (problem) return `${spec.name} ${problem}`
  }
  return undefined
}

function findTensorMismatch(
  tensor: Tensor,
  spec: TensorSpec,
  sizes: Map<string, number>,
): string | undefined {
  if (tensor.type !== spec.type) return `must be of type ${spec.type}`
  const shape = spec.shape ?? tensor.dims
  if (tensor.dims.length !== shape.length) return `must have ${shape.length} dimensions`
  for (const [axis, declared] of shape.entries()) {
    const size = tensor.dims[axis] ?? 0
    const expected = typeof declared === 'number' ? declared : (sizes.get(declared) ?? size)
    if (size !== expected) return `must have size ${expected} in dimension ${axis}`
    if (typeof declared === 'string') sizes.set(declared, size)
  }
  if (tensor.data.constructor !== emptyData(spec.type, 0).constructor)
    return `must hold its data as ${spec.type} does`
  if (tensor.data.length !== elementCount(tensor.dims))
    return 'does not hold as many elements as its dimensions say'
  return undefined
}
