import { createHash, timingSafeEqual } from 'node:crypto'
import { ServiceError } from '@augur/core/errors'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'

/** What load balancers and people who look in ask for; it tells them nothing about models or predictions. */
const openPaths: ReadonlySet<string> = new Set([
  '/',
  '/livez',
  '/readyz',
  '/openapi.json',
  '/docs',
  '/v2/health/live',
  '/v2/health/ready',
])
const isOpen = (path: string) => openPaths.has(path) || path.startsWith('/docs/')
const credentials = /^(?:Bearer|Token) +(\S+)$/i

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Asks for `Authorization: Bearer <key>`. A missing key and a wrong one get the same answer, in the same time. */
export function authenticate(key: string): MiddlewareHandler<ApiEnv> {
  const expected = digest(key)
  return (c, next) => {
    const given = credentials.exec(c.req.header('authorization') ?? '')?.[1] ?? ''
    if (!timingSafeEqual(digest(given), expected) && !isOpen(c.req.path)) {
      throw new ServiceError('unauthenticated', 'A valid API key is needed.')
    }
    return next()
  }
}
