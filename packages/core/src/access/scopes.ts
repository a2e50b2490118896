import { ServiceError } from '../errors.js'
import type { DefaultWebhook, KeyLimits } from './api-key.js'

/** What a caller may do. `admin` manages keys and reads the audit log; it implies none of the others. */
export const scopes = ['predict', 'read', 'webhooks', 'models', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Who sent a request. */
export interface Caller {
  tenant: string
  /** As the audit log names who did something: a key's id, `static` or `local`. */
  actor: string
  /** Null for the static key, and where no key is needed. */
  keyId: string | null
  scopes: ReadonlySet<Scope>
  limits: KeyLimits
  webhook: DefaultWebhook | null
}

/** @throws ServiceError `forbidden` */
export function requireScope(caller: Pick<Caller, 'scopes'>, scope: Scope): void {
  if (!caller.scopes.has(scope))
    throw new ServiceError('forbidden', `This needs a key with the scope ${scope}.`)
}
