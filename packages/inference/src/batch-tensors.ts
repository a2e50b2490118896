import type { ElementType, Manifest, TensorSpec } from '@augur/core/models/manifest'
import type { Padding } from './pad-tensors.js'
import { bytesOf, elementCount, emptyData, type Tensor, type TensorData, type Tensors } from './tensor.js'

/**
 * Whether predictions of a version can share a run: all its tensors start with the same open dimension, which stands
 * nowhere else.
 */
export function canJoin({ inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>): boolean {
  const axis = inputs[0]?.shape?.[0]
  return (
    typeof axis === 'string' &&
    [...inputs, ...outputs].every(({ shape }) => shape?.indexOf(axis) === 0 && shape.lastIndexOf(axis) === 0)
  )
}

/** Equal for feeds that can be joined: beyond the batch axis their dimensions agree, or are padded until they do. */
export function joinKey(feeds: Tensors, inputs: readonly TensorSpec[], padding: Padding): string {
  return inputs
    .map(({ name, shape }) => {
      const isPadded = Object.hasOwn(padding, name)
      const sizes = feeds[name]?.dims.slice(1) ?? []
      return sizes
        .map((size, axis) => (isPadded && typeof shape?.[axis + 1] === 'string' ? '' : size))
        .join('x')
    })
    .join(';')
}

/** How many rows feeds that can be joined hold. */
export function rowCount(feeds: Tensors): number {
  const [first] = Object.values(feeds)
  return first?.dims[0] ?? 1
}

/** Joins feeds that agree beyond the first axis along it. */
export function joinFeeds(items: readonly Tensors[]): Tensors {
  const [first] = items
  if (!first || items.length === 1) return first ?? {}
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, joinTensors(items.flatMap((item) => item[name] ?? []))]),
  )
}

/**
 * Splits outputs into parts of as many rows as `counts` says. Undefined when one does not have the rows of all of
 * them: then the model does not keep its promise of a batch axis.
 */
export function splitOutputs(outputs: Tensors, counts: readonly number[]): Tensors[] | undefined {
  if (counts.length === 1) return [outputs]
  const total = counts.reduce((sum, count) => sum + count, 0)
  const tensors = Object.entries(outputs)
  if (tensors.some(([, { dims }]) => dims[0] !== total)) return undefined
  let start = 0
  return counts.map((count) => {
    const end = start + count
    const rows = tensors.map(([name, tensor]) => [name, sliceRows(tensor, start, end)])
    start = end
    return Object.fromEntries(rows)
  })
}

function joinTensors(parts: readonly Tensor[]): Tensor {
  const { type, dims } = parts[0] ?? { type: 'float32', dims: [] }
  const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0)
  return { type, dims: [rows, ...dims.slice(1)], data: joinData(parts, type) }
}

function joinData(tensors: readonly Tensor[], type: ElementType): TensorData[ElementType] {
  const parts = tensors.map(({ data }) => data)
  if (type === 'string') return parts.flatMap((part) => (Array.isArray(part) ? part : []))
  const joined = emptyData(
    type,
    parts.reduce((length, part) => length + part.length, 0),
  )
  // As bytes, which is the same for every type.
  const bytes = bytesOf(joined)
  let offset = 0
  for (const part of parts) {
    const some = bytesOf(part)
    bytes.set(some, offset)
    offset += some.length
  }
  return joined
}

function sliceRows({ type, dims, data }: Tensor, start: number, end: number): Tensor {
  const rowDims = dims.slice(1)
  const length = elementCount(rowDims)
  return {
    type,
    dims: [end - start, ...rowDims],
    data: Array.isArray(data)
      ? data.slice(start * length, end * length)
      : data.subarray(start * length, end * length),
  }
}
