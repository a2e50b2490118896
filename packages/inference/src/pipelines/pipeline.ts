import type { Tensors } from '../tensor.js'

/** What turns a prediction's input into feeds for the model, and the model's outputs into the prediction's output. */
export interface Pipeline {
  /** Feeds of batch size 1, by input name. Throws `InvalidInputError` for an input that does not fit. */
  preprocess(input: unknown): Promise<Tensors>
  /** The output as a JSON value, from outputs of batch size 1. `input` is what `preprocess` was given. */
  postprocess(outputs: Tensors, input: unknown): unknown
}

/** The input does not fit the model. The message is shown to the caller: it says what is wrong, without the value. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
}
