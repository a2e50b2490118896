import type { LoadRefusal } from './protocol.js'

/** `interrupted`: the runner ended for a reason of its own before this version's turn came, or over another version. */
export type LoadErrorCode = LoadRefusal | 'crashed' | 'timeout' | 'resource_limit' | 'interrupted'

const refusals: readonly LoadErrorCode[] = [
  'invalid_model',
  'invalid_pipeline',
  'warm_up_failed',
  'provider_unavailable',
]

/** A version did not load. The message is for operators: it may quote ONNX Runtime. */
export class LoadError extends Error {
  override readonly name = 'LoadError'

  constructor(
    readonly code: LoadErrorCode,
    message: string,
  ) {
    super(message)
  }

  /** The runner looked at the version and said no: the same files will not do better next time. */
  get isRefusal(): boolean {
    return refusals.includes(this.code)
  }
}
