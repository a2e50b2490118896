import { randomBytes } from 'node:crypto'
import { cutKeys } from '@augur/core/access/api-key'
import type { Logger } from '@augur/core/telemetry/logger'
import type { Metrics } from '@augur/core/telemetry/metrics'
import { spanFields } from '@augur/core/telemetry/trace-fields'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { ApiEnv } from '../api-app.js'

interface ObserveOptions {
  logger: Logger
  metrics: Pick<Metrics, 'httpRequestSeconds'>
  /** What somebody may have taken for an id, and must not be answered. */
  secrets: readonly string[]
}

const acceptableId = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Gives a request its id, the caller's own where it sent a usable one, measures it, and logs it. What no route
 * answers counts under `/*`. One middleware: each further one costs every request a turn of the event loop.
 */
export function observeRequests({ logger, metrics, secrets }: ObserveOptions): MiddlewareHandler<ApiEnv> {
  const newId = countingIds()
  return async (c, next) => {
    const given = c.req.header('x-request-id')
    const startedAt = performance.now()
    c.set('requestId', given !== undefined && isUsable(given, secrets) ? given : newId())
    c.set('startedAt', startedAt)
    await next()
    const durationMs = performance.now() - startedAt
    const labels = { method: c.req.method, route: routePath(c, -1), status: c.res.status }
    metrics.httpRequestSeconds.observe(labels, durationMs / 1000)
    log(logger, c, durationMs)
  }
}

/** An id is logged and answered: a key that somebody sent as one must not be. */
const isUsable = (id: string, secrets: readonly string[]) =>
  acceptableId.test(id) && cutKeys(id) === id && !secrets.some((secret) => id.includes(secret))

function countingIds(): () => string {
  const processId = randomBytes(6).toString('hex')
  let count = 0
  return () => `${processId}-${(++count).toString(36)}`
}

/** Who waits for a server to be ready asks many times a second, and is told with an error until it is. */
const readyPaths: ReadonlySet<string> = new Set(['/readyz', '/v2/health/ready'])

/** Of a path in the log. */
const mostPathCharacters = 512

/** One line a request: at `info` when the server is to blame, else at `debug`. */
function log(logger: Logger, c: Context<ApiEnv>, durationMs: number): void {
  const { status } = c.res
  const level = status >= 500 && !readyPaths.has(c.req.path) ? 'info' : 'debug'
  if (!logger.isLevelEnabled(level)) return
  const { method } = c.req
  // Somebody may have taken the key for its id.
  const path = cutKeys(c.req.path).slice(0, mostPathCharacters)
  const rounded = Math.round(durationMs * 10) / 10
  const ids = { requestId: c.get('requestId'), ...spanFields(c.get('traceparent')) }
  logger[level]({ ...ids, method, path, status, durationMs: rounded }, 'request')
}
