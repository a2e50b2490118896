import type { Logger } from '@augur/core/telemetry/logger'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

/** One line a request: at `info` when the server is to blame, else at `debug`. */
export function accessLog(logger: Logger): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next()
    const { status } = c.res
    // Who waits for a server to be ready asks many times a second.
    const level = status >= 500 && c.req.path !== '/readyz' ? 'info' : 'debug'
    if (!logger.isLevelEnabled(level)) return
    const durationMs = Math.round((performance.now() - c.get('startedAt')) * 10) / 10
    const { method, path } = c.req
    logger[level]({ requestId: c.get('requestId'), method, path, status, durationMs }, 'request')
  }
}
