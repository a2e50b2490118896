import type { AuditEvent } from '@augur/core/access/audit-log'
import type { Context } from 'hono'
import { addressOf } from './address-of.js'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'

type AuditContext = Pick<ApiContext, 'settings' | 'auditLog' | 'now'>

/** Who sends this request, and from where, as the audit log names them. */
export function senderOf(
  context: Pick<ApiContext, 'settings'>,
  c: Context<ApiEnv>,
): Pick<AuditEvent, 'actor' | 'tenant' | 'address'> {
  const { actor, tenant } = c.get('caller')
  return { actor, tenant, address: addressOf(context, c) }
}

/** Adds a line to the audit log about what this request does. */
export async function recordAudit(
  context: AuditContext,
  c: Context<ApiEnv>,
  what: Pick<AuditEvent, 'action' | 'target'>,
): Promise<void> {
  await context.auditLog.add({ ...senderOf(context, c), ...what, detail: {} }, context.now())
}
