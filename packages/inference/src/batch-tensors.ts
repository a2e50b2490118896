import type { ElementType, Manifest } from '@augur/core/models/manifest'
import { elementCount, emptyData, type Tensor, type TensorData, type Tensors } from './tensor.js'

/** Whether predictions of a version can share a run: all its tensors start with the same open dimension. */
export function canJoin({ inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>): boolean {
  const axis = inputs[0]?.shape[0]
  return typeof axis === 'string' && [...inputs, ...outputs].every(({ shape }) => shape[0] === axis)
}

/** Equal for feeds that can be joined: beyond the batch axis their dimensions agree. */
export function joinKey(feeds: Tensors): string {
  return Object.values(feeds)
    .map(({ dims }) => dims.slice(1).join('x'))
    .join(';')
}

/** Joins feeds of batch size 1 that have the same `joinKey` along the first axis. */
export function joinFeeds(rows: readonly Tensors[]): Tensors {
  const [first] = rows
  if (!first || rows.length === 1) return first ?? {}
  const joined: Tensors = {}
  for (const name of Object.keys(first)) {
    joined[name] = joinTensors(rows.flatMap((row) => row[name] ?? []))
  }
  return joined
}

/**
 * Splits outputs into `count` rows of batch size 1. Undefined when one does not have `count` rows: then the model
 * does not keep its promise of a batch axis.
 */
export function splitOutputs(outputs: Tensors, count: number): Tensors[] | undefined {
  if (count === 1) return [outputs]
  const rows = Array.from({ length: count }, (): Tensors => ({}))
  for (const [name, tensor] of Object.entries(outputs)) {
    if (tensor.dims[0] !== count) return undefined
    for (const [index, row] of rows.entries()) row[name] = sliceRow(tensor, index)
  }
  return rows
}

function joinTensors(rows: readonly Tensor[]): Tensor {
  const { type, dims } = rows[0] ?? { type: 'float32', dims: [] }
  return { type, dims: [rows.length, ...dims.slice(1)], data: joinData(rows, type) }
}

function joinData(rows: readonly Tensor[], type: ElementType): TensorData[ElementType] {
  const parts = rows.map(({ data }) => data)
  if (type === 'string') return parts.flatMap((part) => (Array.isArray(part) ? part : []))
  const joined = emptyData(
    type,
    parts.reduce((length, part) => length + part.length, 0),
  )
  let offset = 0
  for (const part of parts) {
    // As bytes, which is the same for every type.
    bytesOf(joined).set(bytesOf(part), offset)
    offset += bytesOf(part).length
  }
  return joined
}

function bytesOf(data: TensorData[ElementType]): Uint8Array {
  if (Array.isArray(data)) throw new TypeError('strings have no bytes to copy')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function sliceRow({ type, dims, data }: Tensor, index: number): Tensor {
  const rowDims = [1, ...dims.slice(1)]
  const start = index * elementCount(rowDims)
  const end = start + elementCount(rowDims)
  return {
    type,
    dims: rowDims,
    data: Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end),
  }
}
