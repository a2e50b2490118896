import type { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import { jsonResponse } from './json-response.js'
import { problemMediaType, toProblem } from './problem.js'

/** A refusal as `application/problem+json`, with the headers that its code asks for and those of the caller. */
export function problemResponse(
  c: Context<ApiEnv>,
  error: ServiceError,
  headers: Record<string, string> = {},
): Response {
  const problem = toProblem(error, c.get('requestId'))
  if (c.get('hasErrorMember')) problem.error = problem.detail
  return jsonResponse(c, JSON.stringify(problem), problem.status, {
    'content-type': problemMediaType,
    ...(error.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    ...(error.code === 'unauthenticated' && { 'www-authenticate': 'Bearer' }),
    ...headers,
  })
}
