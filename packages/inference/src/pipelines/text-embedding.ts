import type { Manifest } from '@augur/core/models/manifest'
import { type TextEmbeddingSpec, vectors } from '@augur/core/models/pipelines/text'
import { normaliseVector, poolVectors } from '../postprocess/pool-vectors.js'
import { openTokenizer } from '../preprocess/open-tokenizer.js'
import { textToTensors } from '../preprocess/text-to-tensors.js'
import type { Tensors } from '../tensor.js'
import { asFields, type Pipeline } from './pipeline.js'
import { readText } from './read-text.js'

/** Opens the pipeline of a version: reads its tokenizer and finds the output that holds the vectors. */
export async function openTextEmbedding(
  folder: string,
  manifest: Manifest,
  spec: TextEmbeddingSpec,
): Promise<Pipeline> {
  const { tokenize, padId } = await openTokenizer(folder, spec)
  const toTensors = textToTensors(manifest, padId)
  const output = vectors(manifest, spec)
  if (!output) throw new Error('no output holds vectors')
  const tokenized = (input: unknown) => tokenize(readText(asFields(input).text, 'text', spec))
  // Counted once: postprocess is given the input, not what became of it.
  const tokenCounts = new WeakMap<object, number>()
  return {
    preprocess: async (input) => {
      const text = tokenized(input)
      tokenCounts.set(asFields(input), text.ids.length)
      return toTensors(text)
    },
    postprocess: (outputs, input) => {
      const tokens = tokenCounts.get(asFields(input)) ?? tokenized(input).ids.length
      const vector = readVector(outputs, output.name, spec, tokens)
      return { embedding: Array.from(spec.normalise ? normaliseVector(vector) : vector) }
    },
  }
}

function readVector(
  outputs: Tensors,
  name: string,
  { pooling }: TextEmbeddingSpec,
  tokens: number,
): Float64Array {
  const tensor = outputs[name]
  const data = tensor?.data
  if (!tensor || !(data instanceof Float32Array)) throw new TypeError('the vectors are not float32')
  if (pooling === 'none') return Float64Array.from(data)
  return poolVectors({ type: 'float32', dims: tensor.dims, data }, pooling, tokens)
}
