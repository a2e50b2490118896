import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import type { Tensor, Tensors } from '../tensor.js'
import type { TokenizedText } from './open-tokenizer.js'

/** Turns a tokenized text into a model's feeds of batch size 1, [1, tokens]. */
export type TextToTensors = (text: TokenizedText) => Tensors

/**
 * Fills the inputs that a model for text declares. One of open length gets as many elements as there are tokens, one
 * of fixed length is padded on the right. Throws where a fixed length needs a padding that the tokenizer has not.
 */
export function textToTensors(
  { inputs }: Pick<Manifest, 'inputs'>,
  padId: number | undefined,
): TextToTensors {
  const isFixed = inputs.some(({ shape }) => typeof shape?.[1] === 'number')
  if (isFixed && padId === undefined) throw new Error('the tokenizer has no token to pad a text with')
  return (text) => Object.fromEntries(inputs.map((spec) => [spec.name, fill(spec, text, padId ?? 0)]))
}

function fill({ name, type, shape }: TensorSpec, { ids, typeIds }: TokenizedText, padId: number): Tensor {
  const [values, padding] =
    name === 'input_ids' ? [ids, padId] : name === 'token_type_ids' ? [typeIds, 0] : [ids.map(() => 1), 0]
  const length = typeof shape?.[1] === 'number' ? shape[1] : values.length
  const padded = Array.from({ length }, (_, index) => values[index] ?? padding)
  const data = type === 'int32' ? Int32Array.from(padded) : BigInt64Array.from(padded, BigInt)
  return { type, dims: [1, length], data }
}
