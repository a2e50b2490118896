import { ServiceError } from '../errors.js'
import { isTenantName } from '../tenant.js'
import { type ApiKey, endOf, isKeyId, isUsable, newApiKeyText } from './api-key.js'
import type { ApiKeyStore } from './api-key-store.js'
import type { AuditedAction, AuditEvent, AuditLog } from './audit-log.js'
import type { Scope } from './scopes.js'

export interface ManageKeysContext {
  apiKeys: ApiKeyStore
  auditLog: AuditLog
  /** Who asks, and from where. */
  by: Pick<AuditEvent, 'actor' | 'tenant' | 'address'>
  now(): number
}

export interface NewApiKey {
  name: string
  tenant: string
  scopes: readonly Scope[]
  expiresAt: number | null
}

/** A key together with its text, which nobody can be shown again. */
export interface CreatedKey {
  key: ApiKey
  text: string
}

/** @throws ServiceError `invalid_input` when the tenant has no possible name */
export async function createKey(context: ManageKeysContext, wanted: NewApiKey): Promise<CreatedKey> {
  if (!isTenantName(wanted.tenant)) throw new ServiceError('invalid_input', 'This is no name of a tenant.')
  const { id, text, digest } = newApiKeyText()
  const key: ApiKey = {
    ...wanted,
    id,
    digest,
    createdAt: context.now(),
    retiresAt: null,
    revokedAt: null,
  }
  await context.apiKeys.create(key)
  const { name, tenant, scopes, expiresAt } = wanted
  const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
  await audit(context, 'key.create', id, { name, tenant, scopes, expires_at: expires })
  return { key, text }
}

/**
 * A new key in place of another, with its rights and its expiry. The old one stays good for `graceMs`, so that whoever
 * uses it can change over. Rotating it once more, because the answer was lost, gives one more successor.
 * @throws ServiceError `not_found`
 */
export async function rotateKey(
  context: ManageKeysContext,
  id: string,
  graceMs: number,
): Promise<CreatedKey> {
  const old = await existing(context, id)
  if (!isUsable(old, context.now())) throw new ServiceError('not_found', 'This key is no longer good.')
  const { id: newId, text, digest } = newApiKeyText()
  const key: ApiKey = { ...old, id: newId, digest, createdAt: context.now(), retiresAt: null }
  await context.apiKeys.create(key)
  const retiresAt = context.now() + graceMs
  await context.apiKeys.retire(id, Math.min(retiresAt, endOf(old) ?? retiresAt))
  await audit(context, 'key.rotate', id, { replaced_by: newId, grace_seconds: graceMs / 1000 })
  return { key, text }
}

/** @throws ServiceError `not_found` */
export async function revokeKey(context: ManageKeysContext, id: string): Promise<ApiKey> {
  await existing(context, id)
  await context.apiKeys.revoke(id, context.now())
  await audit(context, 'key.revoke', id, {})
  return existing(context, id)
}

async function existing({ apiKeys }: ManageKeysContext, id: string): Promise<ApiKey> {
  const key = isKeyId(id) ? await apiKeys.read(id) : null
  if (key === null) throw new ServiceError('not_found', 'There is no key with this id.')
  return key
}

function audit(
  { auditLog, by, now }: ManageKeysContext,
  action: AuditedAction,
  target: string,
  detail: Record<string, unknown>,
): Promise<void> {
  return auditLog.add({ ...by, action, target, detail }, now())
}
