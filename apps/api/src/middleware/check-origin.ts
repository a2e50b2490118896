import { ServiceError } from '@augur/core/errors'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { originOf } from '../origin-of.js'

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

interface Sender {
  /** Host and port that the request names. */
  host: string
  /** The `Origin` header: the page that sent it. */
  page: string | undefined
}

export interface Trusted {
  hosts: readonly string[]
  origins: readonly string[]
}

/** Whether a request to a server on loopback comes from this machine's user and not from some web page. */
export function isSenderAllowed({ host, page }: Sender, trusted: Trusted): boolean {
  // A name that was rebound to loopback still stands in the Host header.
  if (!loopbackHost.test(host) && !trusted.hosts.includes(host)) return false
  if (page === undefined || trusted.origins.includes(page)) return true
  return page === `http://${host}` || page === `https://${host}`
}

/** Guards a server without a key, which any page in a browser on this machine can reach. */
export function checkOrigin(trusted: Trusted): MiddlewareHandler<ApiEnv> {
  return (c, next) => {
    const [, host = ''] = originOf(c.req.url).split('//')
    if (!isSenderAllowed({ host, page: c.req.header('origin') }, trusted)) {
      throw new ServiceError('forbidden', 'This server answers pages and host names of its own machine only.')
    }
    return next()
  }
}
