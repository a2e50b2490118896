import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { ApiEnv } from '../api-app.js'

/** Lets pages of these origins call the API, and nobody else's. Cookies are never involved. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler<ApiEnv> {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'],
    allowHeaders: [
      'authorization',
      'content-type',
      'prefer',
      'idempotency-key',
      'cancel-after',
      'last-event-id',
      'x-request-id',
      'inference-header-content-length',
    ],
    exposeHeaders: [
      'location',
      'preference-applied',
      'idempotency-replayed',
      'retry-after',
      'ratelimit',
      'ratelimit-policy',
      'x-request-id',
      'x-augur-prediction-id',
      'inference-header-content-length',
    ],
    maxAge: 600,
  })
}
