import { type ErrorCode, errorCodes, type ServiceError } from '@augur/core/errors'
import { z } from '@hono/zod-openapi'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** What each error code is over HTTP; a code without a status does not compile. */
export const problems = {
  invalid_request: { status: 400, title: 'The request is malformed' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  unauthenticated: { status: 401, title: 'Unauthenticated' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'Not acceptable' },
  idempotency_in_progress: { status: 409, title: 'The first request with this key is under way' },
  prediction_open: { status: 409, title: 'The prediction has not ended' },
  not_verified: { status: 409, title: 'The version is not verified' },
  secret_needed: { status: 409, title: 'The number of secrets does not allow this' },
  rollout_changed: { status: 409, title: 'The rollout was changed meanwhile' },
  gone: { status: 410, title: 'Gone' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  expectation_failed: { status: 417, title: 'The expectation cannot be met' },
  invalid_input: { status: 422, title: 'Input validation failed' },
  unknown_version: { status: 422, title: 'Invalid version or not permitted' },
  input_removed: { status: 422, title: 'The input was removed' },
  url_not_allowed: { status: 422, title: 'The URL is not allowed' },
  idempotency_mismatch: { status: 422, title: 'The key belongs to another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  quota_exceeded: { status: 429, title: 'The quota is used up' },
  prediction_failed: { status: 500, title: 'The prediction did not succeed' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Overloaded' },
  no_worker: { status: 503, title: 'No worker is ready' },
  version_draining: { status: 503, title: 'The version takes no new predictions' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  timeout: { status: 504, title: 'It took too long' },
} satisfies Record<ErrorCode, { status: ContentfulStatusCode; title: string }>

/** RFC 9457, with a closed `code` that says the same as `type`. */
export const problemSchema = z
  .strictObject({
    type: z.string().openapi({ description: 'Where this kind of problem is described.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().openapi({ description: 'What is wrong with this request.' }),
    instance: z.string().openapi({ description: 'Id of the request, as in the header `X-Request-Id`.' }),
    code: z.enum(errorCodes),
    errors: z
      .array(z.strictObject({ pointer: z.string(), code: z.string(), detail: z.string() }))
      .openapi({ description: 'The faulty fields, at JSON pointers (RFC 6901).' }),
    prediction_id: z.string().optional(),
    error: z.string().optional().openapi({ description: 'Below /v2 only: the same as `detail`.' }),
  })
  .openapi('Problem')
export type Problem = z.infer<typeof problemSchema>

export const problemMediaType = 'application/problem+json'

export function toProblem(
  error: ServiceError,
  requestId: string,
): Problem & { status: ContentfulStatusCode } {
  return {
    type: `/docs/errors#${error.code}`,
    ...problems[error.code],
    detail: error.message,
    instance: requestId,
    code: error.code,
    errors: error.errors,
    ...(error.predictionId !== undefined && { prediction_id: error.predictionId }),
  }
}
