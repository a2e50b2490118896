/** Every way in which a request can be refused. Each dialect maps the whole list; none adds to it. */
export const errorCodes = [
  'invalid_request',
  'invalid_json',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'not_acceptable',
  'idempotency_in_progress',
  'prediction_open',
  'not_verified',
  'rollout_changed',
  'secret_needed',
  'gone',
  'payload_too_large',
  'unsupported_media_type',
  'expectation_failed',
  'invalid_input',
  'unknown_version',
  'input_removed',
  'url_not_allowed',
  'idempotency_mismatch',
  'rate_limited',
  'quota_exceeded',
  'prediction_failed',
  'overloaded',
  'no_worker',
  'version_draining',
  'unavailable',
  'timeout',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** One fault of a request, at a JSON pointer (RFC 6901). Never holds the value that was sent. */
export interface FieldError {
  pointer: string
  code: string
  detail: string
}

/** What of a caller's is used up. */
export interface Quota {
  /** As it stands in the fields `RateLimit-Policy` and `RateLimit`. */
  name: string
  most: number
  /** Whether some of it may be left, but too little. */
  mayBeLeft?: boolean
}

interface ServiceErrorOptions {
  errors?: FieldError[]
  quota?: Quota
  /** Seconds after which the same request may succeed. */
  retryAfterSeconds?: number
  predictionId?: string
  cause?: unknown
}

/** A refusal that the caller can act on. `message` is shown to callers: no paths, no internals. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly errors: FieldError[]
  readonly quota: Quota | undefined
  readonly retryAfterSeconds: number | undefined
  readonly predictionId: string | undefined

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ServiceErrorOptions = {},
  ) {
    super(message, { cause: options.cause })
    this.errors = options.errors ?? []
    this.quota = options.quota
    this.retryAfterSeconds = options.retryAfterSeconds
    this.predictionId = options.predictionId
  }
}
