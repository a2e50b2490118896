import { type ErrorCode, ServiceError } from '@augur/core/errors'

/** A refusal that is about HTTP itself, with headers that say what would be taken. */
export class HttpRefusal extends ServiceError {
  constructor(
    code: ErrorCode,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, detail)
  }
}
