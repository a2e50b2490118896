import type { Quota, ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import type { ApiEnv, RateLimitFields } from './api-app.js'
import { HttpRefusal } from './http-refusal.js'
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
    ...(error.quota && quotaHeaders(error.quota, error.retryAfterSeconds, c.get('rateLimit'))),
    ...(error instanceof HttpRefusal && error.headers),
    ...headers,
  })
}

/** That nothing is left of it; where the rate of requests is told, both stand in one field. */
function quotaHeaders(
  { name, most, mayBeLeft = false }: Quota,
  resetSeconds: number | undefined,
  rate: RateLimitFields | undefined,
): Record<string, string> {
  const reset = resetSeconds === undefined ? '' : `;t=${resetSeconds}`
  const policy = { 'ratelimit-policy': joined(rate?.['ratelimit-policy'], `"${name}";q=${most}`) }
  return mayBeLeft ? policy : { ...policy, ratelimit: joined(rate?.ratelimit, `"${name}";r=0${reset}`) }
}

const joined = (field: string | undefined, more: string) => (field === undefined ? more : `${field}, ${more}`)
