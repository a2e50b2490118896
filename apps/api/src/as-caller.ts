import { type Scope, requireScope } from '@augur/core/access/scopes'
import type { TicketPurpose } from '@augur/core/access/tickets'
import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { accepts } from './accept-header.js'
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

const json: readonly string[] = ['application/json']

/**
 * The only way to a tenant, so that no handler can forget to ask whether its caller may do this, and takes what it
 * `produces`.
 * @throws ServiceError `forbidden` or `not_acceptable`
 */
export function asCaller(
  context: ApiContext,
  c: Context<ApiEnv>,
  scope: Scope,
  produces = json,
): CallerContext {
  allow(c, scope, produces)
  return contextOf(context, c)
}

function contextOf(context: ApiContext, c: Context<ApiEnv>): CallerContext {
  const caller = c.get('caller')
  const { tenant, keyId, limits } = caller
  const maxOpenOfKey = keyId === null ? 0 : (limits.maxOpen ?? context.settings.AUGUR_MAX_OPEN_PER_CALLER)
  const traceparent = context.tracing === null ? undefined : c.get('traceparent')
  return callerContext(context, { tenant, keyId, maxOpenOfKey, traceparent })
}

/**
 * For what belongs to no tenant.
 * @throws ServiceError `forbidden` or `not_acceptable`
 */
export function allow(c: Context<ApiEnv>, scope: Scope, produces = json): void {
  requireScope(c.get('caller'), scope)
  const accept = c.req.header('accept')
  // What is deleted leaves nothing to be answered.
  if (accept === undefined || c.req.method === 'DELETE') return
  if (!produces.some((mediaType) => accepts(accept, mediaType)))
    throw new ServiceError('not_acceptable', `This path answers ${produces.join(' or ')}.`)
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
  if (ticket === undefined) {
    requireScope(c.get('caller'), 'read')
    return contextOf(context, c)
  }
  const tenant = context.tickets.read(purpose, id, ticket, context.now())
  if (tenant === null) throw new ServiceError('unauthenticated', 'The ticket of this URL is not valid.')
  return callerContext(context, { tenant, keyId: null, maxOpenOfKey: 0, traceparent: undefined })
}
