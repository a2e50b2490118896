import { ServiceError } from '@augur/core/errors'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import type { Logger } from '@augur/core/telemetry/logger'
import type { Metrics } from '@augur/core/telemetry/metrics'
import { spanFields } from '@augur/core/telemetry/trace-fields'
import type { Context, ErrorHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ApiEnv } from './api-app.js'
import { problemResponse } from './problem-response.js'

/** What the framework itself refuses. */
function refusalOf({ status }: HTTPException): ServiceError | null {
  if (status === 400) return new ServiceError('invalid_json', 'The body could not be parsed.')
  if (status === 415)
    return new ServiceError('unsupported_media_type', 'This content type is not accepted here.')
  return null
}

function asServiceError(error: unknown): ServiceError | null {
  if (error instanceof ServiceError) return error
  if (error instanceof HTTPException) return refusalOf(error)
  if (!isRedisUnavailable(error)) return null
  return new ServiceError('unavailable', 'The queue cannot be reached.', { retryAfterSeconds: 1 })
}

export interface ErrorReport {
  logger: Logger
  metrics: Pick<Metrics, 'refusals'>
}

/** Every error as a problem. What nobody expected is logged here, once, and leaves as a fixed text. */
export function createErrorHandler({ logger, metrics }: ErrorReport): ErrorHandler<ApiEnv> {
  return (error, c: Context<ApiEnv>) => {
    let known = asServiceError(error)
    if (known === null) {
      const ids = { requestId: c.get('requestId'), ...spanFields(c.get('traceparent')) }
      logger.error({ err: error, ...ids }, 'request failed')
      known = new ServiceError('internal', 'Something went wrong on the server.')
    }
    metrics.refusals.inc({ code: known.code })
    return problemResponse(c, known)
  }
}
