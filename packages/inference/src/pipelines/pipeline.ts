import type { Tensors } from '../tensor.js'

/** What a pipeline may use beside its values. */
export interface PipelineTools {
  /** Adds a line to the prediction's logs. */
  log(text: unknown): void
}

/** What turns a prediction's input into feeds for the model, and the model's outputs into the prediction's output. */
export interface Pipeline {
  /** Feeds, by input name: of batch size 1, or of as many rows as raw tensors hold. Throws `InvalidInputError` for an input that does not fit. */
  preprocess(input: unknown, tools?: PipelineTools): Promise<Tensors>
  /** The output as a JSON value, from outputs of as many rows. `input` is what `preprocess` was given. */
  postprocess(outputs: Tensors, input: unknown, tools?: PipelineTools): unknown
}

/** The input does not fit the model. The message is shown to the caller: it says what is wrong, without the value. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError'
}

/** The fields of an input. Throws `InvalidInputError` for what is no object. */
export function asFields(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new InvalidInputError('input must be an object')
  return Object(input)
}
