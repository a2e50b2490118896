import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { mediaTypeOf, readBody } from '../middleware/read-body.js'

/** `readBody` for routes whose clients leave the content type out, as Triton's do. */
export function readUntypedBody(options: Parameters<typeof readBody>[0]): MiddlewareHandler<ApiEnv> {
  const typed = readBody(options)
  const untyped = readBody({ ...options, accept: [''] })
  return (c, next) => (mediaTypeOf(c) === '' ? untyped(c, next) : typed(c, next))
}
