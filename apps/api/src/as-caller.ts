import { type Scope, requireScope } from '@augur/core/access/scopes'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'

/** What a request works with: whatever is done with it concerns its caller's tenant and nobody else's. */
export type CallerContext = ApiContext & { tenant: string }

/**
 * The only way to a tenant, so that no handler can forget to ask whether its caller may do this.
 * @throws ServiceError `forbidden`
 */
export function asCaller(context: ApiContext, c: Context<ApiEnv>, scope: Scope): CallerContext {
  const caller = c.get('caller')
  requireScope(caller, scope)
  return { ...context, tenant: caller.tenant }
}

/**
 * For what belongs to no tenant.
 * @throws ServiceError `forbidden`
 */
export function allow(c: Context<ApiEnv>, scope: Scope): void {
  requireScope(c.get('caller'), scope)
}
