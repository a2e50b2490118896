import { inspect } from 'node:util'
import { InvalidInputError } from '../pipelines/pipeline.js'
import type { ItemResult } from './protocol.js'

export type Failure = Extract<ItemResult, { ok: false }>
export type Stage = 'preprocess' | 'run' | 'postprocess'

/** There was not memory enough, for one input or for all of a micro-batch together. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
}

const memoryMessage =
  /bad_alloc|failed to allocate|out of memory|allocation failed|invalid array buffer length/i

/** What a caller may know of an error. The whole of it goes to the runner's log. Throws `OutOfMemoryError`. */
export function toFailure(stage: Stage, error: unknown): Failure {
  if (error instanceof InvalidInputError) return { ok: false, code: 'invalid_input', message: error.message }
  process.stderr.write(`${stage} failed: ${inspect(error)}\n`)
  if (error instanceof Error && memoryMessage.test(error.message)) throw new OutOfMemoryError()
  return { ok: false, code: 'model_error', message: `the model failed on this input (${stage})` }
}
