import { type Scope, requireScope } from '@augur/core/access/scopes'
import type { TicketPurpose } from '@augur/core/access/tickets'
import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'

interface OfCaller {
  tenant: string
  keyId: string | null
  /** How many open predictions the key may have; 0: any number. */
  maxOpenOfKey: number
  traceparent: string | undefined
}

/** What a request works with: whatever is done with it concerns its caller's tenant and nobody else's. */
export type CallerContext = ApiContext & OfCaller

/**
 * Inherits what all callers have, for a copy of it would cost more than most of what a request does with it. Who spreads
 * it gets the caller's own part alone.
 */
function callerContext(context: ApiContext, own: OfCaller): CallerContext {
  const inherited: ApiContext = Object.create(context)
  return Object.assign(inherited, own)
}

/**
 * The only way to a tenant, so that no handler can forget to ask whether its caller may do this.
 * @throws ServiceError `forbidden`
 */
export function asCaller(context: ApiContext, c: Context<ApiEnv>, scope: Scope): CallerContext {
  const caller = c.get('caller')
  requireScope(caller, scope)
  const { tenant, keyId, limits } = caller
  const maxOpenOfKey = keyId === null ? 0 : (limits.maxOpen ?? context.settings.AUGUR_MAX_OPEN_PER_CALLER)
  const traceparent = context.tracing === null ? undefined : c.get('traceparent')
  return callerContext(context, { tenant, keyId, maxOpenOfKey, traceparent })
}

/**
 * For what belongs to no tenant.
 * @throws ServiceError `forbidden`
 */
export function allow(c: Context<ApiEnv>, scope: Scope): void {
  requireScope(c.get('caller'), scope)
}

/**
 * Like `asCaller` with the scope `read`, for one thing whose URL may carry a ticket in place of a key.
 * @throws ServiceError `unauthenticated` for a wrong or old ticket, or `forbidden`
 */
export function asReader(
  context: ApiContext,
  c: Context<ApiEnv>,
  purpose: TicketPurpose,
  id: string,
): CallerContext {
  const ticket = c.req.query('ticket')
  if (ticket === undefined) return asCaller(context, c, 'read')
  const tenant = context.tickets.read(purpose, id, ticket, context.now())
  if (tenant === null) throw new ServiceError('unauthenticated', 'The ticket of this URL is not valid.')
  return callerContext(context, { tenant, keyId: null, maxOpenOfKey: 0, traceparent: undefined })
}
