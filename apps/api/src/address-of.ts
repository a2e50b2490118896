import { clientAddress } from '@augur/core/access/client-address'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'

/** The network address that a request came from; `unknown` where it came without a socket. */
export function addressOf({ settings }: Pick<ApiContext, 'settings'>, c: Context<ApiEnv>): string {
  const address = c.env?.incoming?.socket.remoteAddress
  return clientAddress(
    { address, forwardedFor: c.req.header('x-forwarded-for') },
    settings.AUGUR_TRUSTED_PROXIES,
  )
}
