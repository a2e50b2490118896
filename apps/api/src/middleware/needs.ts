import type { Scope } from '@augur/core/access/scopes'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { allow } from '../as-caller.js'

/** Refuses callers without this scope before their body is read. */
export function needs(scope: Scope): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    allow(c, scope)
    return next()
  }
}
