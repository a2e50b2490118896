import type { Scope } from '@augur/core/access/scopes'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { allow } from '../as-caller.js'

/** Refuses callers without this scope, or who take nothing that is `produced`, before their body is read. */
export function needs(scope: Scope, produced?: readonly string[]): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    allow(c, scope, produced)
    return next()
  }
}
