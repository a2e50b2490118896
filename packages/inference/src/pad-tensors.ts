import type { ElementType, Manifest, TensorSpec } from '@augur/core/models/manifest'
import { toHalf } from '@augur/core/tensors/float16'
import { bytesOf, elementCount, emptyData, type Tensor, type TensorData, type Tensors } from './tensor.js'

/** What fills up the open dimensions of ragged inputs, by input name. */
export type Padding = NonNullable<Manifest['serving']['batching']['padding']>
type PaddingValue = Padding[string]

/** Feeds of several predictions, those that the manifest pads brought to the longest of each open dimension. */
export function padFeeds(
  items: readonly Tensors[],
  inputs: readonly TensorSpec[],
  padding: Padding,
): Tensors[] {
  return items.map((item) => {
    const padded = { ...item }
    for (const spec of inputs) {
      const tensor = item[spec.name]
      const value = Object.hasOwn(padding, spec.name) ? padding[spec.name] : undefined
      if (tensor && value !== undefined)
        padded[spec.name] = resize(tensor, longestDims(items, spec, tensor), value)
    }
    return padded
  })
}

/**
 * Outputs of one prediction of a padded run, cut back to its own lengths: in each dimension that carries the name of
 * a padded input's, where the model kept the padded length. Any other dimension is left as the model gave it.
 */
export function cutOutputs(
  outputs: Tensors,
  { own, padded }: { own: Tensors; padded: Tensors },
  { inputs, outputs: specs }: Pick<Manifest, 'inputs' | 'outputs'>,
): Tensors {
  const lengths = new Map<string, { own: number; padded: number }>()
  for (const { name, shape } of inputs) {
    for (const [axis, dimension] of (shape ?? []).entries()) {
      if (axis === 0 || typeof dimension === 'number') continue
      lengths.set(dimension, { own: own[name]?.dims[axis] ?? 0, padded: padded[name]?.dims[axis] ?? 0 })
    }
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => {
      const shape = specs.find((spec) => spec.name === name)?.shape
      const dims = tensor.dims.map((size, axis) => {
        const length = axis === 0 ? undefined : lengths.get(String(shape?.[axis]))
        return length && size === length.padded ? length.own : size
      })
      return [name, resize(tensor, dims)]
    }),
  )
}

function longestDims(items: readonly Tensors[], { name, shape }: TensorSpec, { dims }: Tensor): number[] {
  return dims.map((size, axis) =>
    axis > 0 && typeof shape?.[axis] === 'string'
      ? Math.max(...items.map((item) => item[name]?.dims[axis] ?? 0))
      : size,
  )
}

/** The same elements at the same places, in as much of `dims` as the tensor has; `value` in the rest. */
function resize(tensor: Tensor, dims: readonly number[], value?: PaddingValue): Tensor {
  if (dims.every((size, axis) => size === tensor.dims[axis])) return tensor
  const data = emptyData(tensor.type, elementCount(dims))
  if (value !== undefined) fill(data, tensor.type, value)
  copyBlock({ data: tensor.data, dims: tensor.dims, at: 0 }, { data, dims, at: 0 }, 0)
  return { type: tensor.type, dims, data }
}

interface Block {
  data: TensorData[ElementType]
  dims: readonly number[]
  at: number
}

/** Copies what both blocks have from one dimension on, a line of the last one at a time. */
function copyBlock(from: Block, to: Block, axis: number): void {
  const length = Math.min(from.dims[axis] ?? 1, to.dims[axis] ?? 1)
  if (axis >= from.dims.length - 1) return copyLine(from, to, length)
  const fromStep = elementCount(from.dims.slice(axis + 1))
  const toStep = elementCount(to.dims.slice(axis + 1))
  for (let index = 0; index < length; index++)
    copyBlock({ ...from, at: from.at + index * fromStep }, { ...to, at: to.at + index * toStep }, axis + 1)
}

function copyLine(from: Block, to: Block, length: number): void {
  if (Array.isArray(from.data) || Array.isArray(to.data)) {
    for (let index = 0; index < length; index++) to.data[to.at + index] = from.data[from.at + index] ?? ''
    return
  }
  const size = from.data.BYTES_PER_ELEMENT
  const line = bytesOf(from.data).subarray(from.at * size, (from.at + length) * size)
  bytesOf(to.data).set(line, to.at * size)
}

function fill(data: TensorData[ElementType], type: ElementType, value: PaddingValue): void {
  if (Array.isArray(data)) data.fill(String(value))
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(value))
  else data.fill(type === 'float16' ? toHalf(Number(value)) : Number(value))
}
