import type { Manifest } from '@augur/core/models/manifest'
import { readNestedArrays, writeNestedArrays } from '../nested-arrays.js'
import { findMismatch } from '../tensor.js'
import { InvalidInputError, type Pipeline } from './pipeline.js'

/** Nested arrays in, nested arrays out, under the names of the model; without the batch axis where there is one. */
export function openTensors({ inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>): Pipeline {
  return {
    preprocess: async (input) => {
      if (typeof input !== 'object' || input === null) throw new InvalidInputError('input must be an object')
      const given = new Map<string, unknown>(Object.entries(input))
      const feeds = Object.fromEntries(
        inputs.map((spec) => [spec.name, readNestedArrays(given.get(spec.name), spec)]),
      )
      const problem = findMismatch(feeds, inputs)
      if (problem) throw new InvalidInputError(problem)
      return feeds
    },
    postprocess: (tensors) =>
      Object.fromEntries(
        outputs.flatMap((spec) => {
          const tensor = tensors[spec.name]
          return tensor ? [[spec.name, writeNestedArrays(tensor, spec)]] : []
        }),
      ),
  }
}
