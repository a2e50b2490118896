import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

/** Gives problems the member `error`, which is all that clients of this protocol read. To be used before what refuses. */
export function errorMember(): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    c.set('hasErrorMember', true)
    return next()
  }
}
