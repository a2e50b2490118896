import type { Caller } from '@augur/core/access/scopes'
import { ServiceError } from '@augur/core/errors'
import { describeFieldErrors, fieldErrors } from '@augur/core/field-errors'
import { OpenAPIHono, type z } from '@hono/zod-openapi'
import type { HonoOptions } from 'hono/hono-base'

/** How much of a quota is left: draft-ietf-httpapi-ratelimit-headers-10. */
export type RateLimitFields = Record<'ratelimit-policy' | 'ratelimit', string>

/** What middleware leaves for handlers. */
export interface ApiEnv {
  /** What the server hands over; nothing where a request came without a socket. */
  Bindings: { incoming?: { socket: { remoteAddress?: string; destroy?(): void } } }
  Variables: {
    requestId: string
    /** By `performance.now()`. */
    startedAt: number
    caller: Caller
    /** Where the request is traced. */
    traceparent?: string
    /** Where requests of the caller are limited. */
    rateLimit?: RateLimitFields
    /** Whether problems have a member `error` as well. */
    hasErrorMember?: boolean
  }
}

function invalidBody(error: z.core.$ZodError): ServiceError {
  const errors = fieldErrors(error)
  return new ServiceError('invalid_input', describeFieldErrors(errors), { errors })
}

/**
 * What `schema` makes of a body. For routes that are busy or take several kinds of body: the framework's validators
 * parse asynchronously, which zod does several times slower.
 * @throws ServiceError `invalid_input`
 */
export function validBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw invalidBody(parsed.error)
}

function invalidParameter(error: z.core.$ZodError, place: string): ServiceError {
  const errors = fieldErrors(error, [place])
  return new ServiceError('invalid_request', describeFieldErrors(errors), { errors })
}

/**
 * What `schema` makes of a query string, for routes that read theirs by hand.
 * @throws ServiceError `invalid_request`
 */
export function validQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const parsed = schema.safeParse(query)
  if (parsed.success) return parsed.data
  throw invalidParameter(parsed.error, 'query')
}

/** An empty app whose routes refuse what their schemas refuse: a body with 422, anything else with 400. */
export function createRoutes(options: Pick<HonoOptions<ApiEnv>, 'router'> = {}): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    ...options,
    defaultHook: (result) => {
      if (result.success) return
      throw result.target === 'json'
        ? invalidBody(result.error)
        : invalidParameter(result.error, result.target)
    },
  })
}
