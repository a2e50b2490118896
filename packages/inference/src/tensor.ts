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
  if (tensor.dims.length !== spec.shape.length) return `must have ${spec.shape.length} dimensions`
  for (const [axis, declared] of spec.shape.entries()) {
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
