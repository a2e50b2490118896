import type { ElementType, Manifest, TensorSpec } from '@augur/core/models/manifest'
import {
  canHold,
  type Column,
  columnsOf,
  predictedNumber,
  type TabularSpec,
} from '@augur/core/models/pipelines/tabular'
import { openClassifier } from '../postprocess/classify.js'
import { encodeColumn } from '../preprocess/encode-column.js'
import { emptyData, type Tensor, type Tensors } from '../tensor.js'
import { asFields, InvalidInputError, type Pipeline } from './pipeline.js'

/** Opens the pipeline of a version: named columns to one row of each input, and its outputs to classes or a number. */
export async function openTabular(folder: string, manifest: Manifest, spec: TabularSpec): Promise<Pipeline> {
  const { labels } = spec
  const inputs = manifest.inputs.map((input) => ({ input, columns: columnsOf(manifest, spec, input.name) }))
  const answer = labels
    ? await openClassifier(folder, manifest, { ...spec, labels })
    : openRegression(manifest, spec)
  return {
    preprocess: async (input) => {
      const values = new Map<string, unknown>(Object.entries(asFields(input)))
      return Object.fromEntries(
        inputs.map((part) => [part.input.name, toRow(part.input, part.columns, values)]),
      )
    },
    postprocess: (outputs) => answer(outputs),
  }
}

function toRow({ type, shape }: TensorSpec, columns: Column[], values: Map<string, unknown>): Tensor {
  const elements = columns.flatMap((column) => encodeFor(type, column, values.get(column.name)))
  const dims = shape?.length === 1 ? [1] : [1, elements.length]
  const data = emptyData(type, elements.length)
  for (const [index, element] of elements.entries()) {
    if (Array.isArray(data)) data[index] = String(element)
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(element)
    else data[index] = Number(element)
  }
  return { type, dims, data }
}

function encodeFor(type: ElementType, column: Column, value: unknown): (number | string)[] {
  const elements = encodeColumn(column, value)
  if (!elements.every((element) => canHold(type, element)))
    throw new InvalidInputError(`${column.name} is beyond what the model can hold`)
  return elements
}

function openRegression(
  manifest: Manifest,
  { target }: TabularSpec,
): (outputs: Tensors) => { value: number } {
  const name = predictedNumber(manifest)?.name ?? ''
  return (outputs) => {
    const [value] = outputs[name]?.data ?? []
    if (typeof value !== 'number') throw new TypeError('the predicted number is not a float')
    return { value: value * target.std + target.mean }
  }
}
