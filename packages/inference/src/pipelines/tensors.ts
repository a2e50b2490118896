import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import { isEncoded } from '@augur/core/tensors/tensor-inputs'
import { type Encoding, readEncodedTensor, writeEncodedTensor } from '../encoded-tensors.js'
import { readNestedArrays, writeNestedArrays } from '../nested-arrays.js'
import { findMismatch, type Tensor } from '../tensor.js'
import { InvalidInputError, type Pipeline } from './pipeline.js'

/**
 * Tensors in, tensors out, under the names of the model: nested arrays, of one row and without the batch axis where
 * there is one, or encoded tensors. Outputs come as the inputs came; with `atLeast` never as nested arrays.
 */
export function openTensors(
  { inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>,
  atLeast?: Encoding,
): Pipeline {
  return {
    preprocess: async (input) => {
      if (typeof input !== 'object' || input === null) throw new InvalidInputError('input must be an object')
      const given = new Map<string, unknown>(Object.entries(input))
      const feeds = Object.fromEntries(
        inputs.map((spec) => [spec.name, readTensor(given.get(spec.name), spec)]),
      )
      const problem = findMismatch(feeds, inputs)
      if (problem) throw new InvalidInputError(problem)
      return feeds
    },
    postprocess: (tensors, input) => {
      const encoding = findEncoding(Object.values(Object(input))) ?? atLeast
      const write = (tensor: Tensor, spec: TensorSpec) =>
        encoding ? writeEncodedTensor(tensor, encoding) : writeNestedArrays(tensor, spec)
      return Object.fromEntries(
        outputs.flatMap((spec) => {
          const tensor = tensors[spec.name]
          return tensor ? [[spec.name, write(tensor, spec)]] : []
        }),
      )
    },
  }
}

function readTensor(value: unknown, spec: TensorSpec): Tensor {
  return isEncoded(value) ? readEncodedTensor(value, spec) : readNestedArrays(value, spec)
}

/** Undefined for nested arrays. */
function findEncoding(values: readonly unknown[]): Encoding | undefined {
  const encoded = values.filter(isEncoded)
  if (encoded.length === 0) return undefined
  return encoded.some((value) => Object.hasOwn(value, 'base64')) ? 'base64' : 'data'
}
