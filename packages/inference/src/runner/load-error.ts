import type { LoadRefusal } from './protocol.js'

export type LoadErrorCode = LoadRefusal | 'crashed' | 'timeout'

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
    return this.code !== 'crashed' && this.code !== 'timeout'
  }
}
