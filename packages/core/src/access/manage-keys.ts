import { ServiceError } from '../errors.js'
import type { IdempotencyKeys, IdempotentRequest } from '../idempotency.js'
import { isTenantName } from '../tenant.js'
import {
  type ApiKey,
  endOf,
  isKeyId,
  isUsable,
  type KeyLimits,
  newApiKeyText,
  newKeyId,
  usualLimits,
} from './api-key.js'
import type { Along, ApiKeyStore, KeyChanges } from './api-key-store.js'
import type { AuditedAction, AuditEvent, AuditLog } from './audit-log.js'
import type { Scope } from './scopes.js'

export interface ManageKeysContext {
  apiKeys: ApiKeyStore
  auditLog: AuditLog
  /** Who asks, and from where. */
  by: Pick<AuditEvent, 'actor' | 'tenant' | 'address'>
  now(): number
}

export interface NewApiKey extends Partial<KeyLimits & Pick<ApiKey, 'webhook'>> {
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

/**
 * Has `make` create one key for all requests with the same `Idempotency-Key`. Its text is shown to the first of them
 * alone, null to the others: it is stored nowhere.
 * @throws ServiceError as `IdempotencyKeys.once` and `make` do
 */
export async function makeKeyOnce(
  context: ManageKeysContext & { idempotency: Pick<IdempotencyKeys, 'once'> },
  request: IdempotentRequest | null,
  make: (id: string) => Promise<CreatedKey>,
): Promise<{ key: ApiKey; text: string | null }> {
  const id = newKeyId()
  if (request === null) return make(id)
  const made = async (fixed: string) => ({ key: await existing(context, fixed), text: null })
  const { value } = await context.idempotency.once<{ key: ApiKey; text: string | null }>(
    request,
    id,
    context.now(),
    {
      async create(fixed) {
        const isMade = fixed !== id && (await context.apiKeys.read(fixed)) !== null
        return isMade ? made(fixed) : make(fixed)
      },
      existing: made,
    },
  )
  return value
}

/** Somebody took the creation over while it was held up: that one's key, and its text, are the good ones. */
function requireNew(isNew: boolean): void {
  if (isNew) return
  throw new ServiceError(
    'idempotency_in_progress',
    'Another request with this Idempotency-Key made the key.',
    {
      retryAfterSeconds: 1,
    },
  )
}

/** @throws ServiceError `invalid_input` when the tenant has no possible name */
export async function createKey(
  context: ManageKeysContext,
  wanted: NewApiKey,
  withId = newKeyId(),
): Promise<CreatedKey> {
  if (!isTenantName(wanted.tenant)) throw new ServiceError('invalid_input', 'This is no name of a tenant.')
  const { id, text, digest } = newApiKeyText(withId)
  const key: ApiKey = {
    ...usualLimits,
    webhook: null,
    ...wanted,
    id,
    digest,
    createdAt: context.now(),
    retiresAt: null,
    revokedAt: null,
  }
  const { name, tenant, scopes, expiresAt } = wanted
  const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
  const detail = { name, tenant, scopes, expires_at: expires, ...changesDetail(wanted) }
  requireNew(await context.apiKeys.create(key, audited(context, 'key.create', id, detail)))
  return { key, text }
}

/**
 * A new key in place of another, with its rights, its limits and its expiry. The old one stays good for `graceMs`, so
 * that whoever uses it can change over. Rotating it once more, because the answer was lost, gives one more successor.
 * @throws ServiceError `not_found`
 */
export async function rotateKey(
  context: ManageKeysContext,
  id: string,
  graceMs: number,
  withId = newKeyId(),
): Promise<CreatedKey> {
  const old = await existing(context, id)
  if (!isUsable(old, context.now())) throw new ServiceError('not_found', 'This key is no longer good.')
  const { id: newId, text, digest } = newApiKeyText(withId)
  const key: ApiKey = { ...old, id: newId, digest, createdAt: context.now(), retiresAt: null }
  const retiresAt = context.now() + graceMs
  const line = audited(context, 'key.rotate', id, { replaced_by: newId, grace_seconds: graceMs / 1000 })
  requireNew(await context.apiKeys.replace(id, Math.min(retiresAt, endOf(old) ?? retiresAt), key, line))
  return { key, text }
}

/**
 * Changes a key's name or limits, everywhere within seconds.
 * @throws ServiceError `not_found`
 */
export async function updateKey(
  context: ManageKeysContext,
  id: string,
  changes: KeyChanges,
): Promise<ApiKey> {
  await existing(context, id)
  const { name, ...others } = changes
  const detail = { ...(name !== undefined && { name }), ...changesDetail(others) }
  await context.apiKeys.update(id, changes, audited(context, 'key.update', id, detail))
  return existing(context, id)
}

/** @throws ServiceError `not_found` */
export async function revokeKey(context: ManageKeysContext, id: string): Promise<ApiKey> {
  await existing(context, id)
  await context.apiKeys.revoke(id, context.now(), audited(context, 'key.revoke', id, {}))
  return existing(context, id)
}

async function existing({ apiKeys }: ManageKeysContext, id: string): Promise<ApiKey> {
  const key = isKeyId(id) ? await apiKeys.read(id) : null
  if (key === null) throw new ServiceError('not_found', 'There is no key with this id.')
  return key
}

function changesDetail({ maxOpen, requestsPerSecond, webhook }: KeyChanges): Record<string, unknown> {
  return {
    ...(maxOpen !== undefined && { max_open_predictions: maxOpen }),
    ...(requestsPerSecond !== undefined && { requests_per_second: requestsPerSecond }),
    // A URL may hold a secret of its receiver's.
    ...(webhook !== undefined && { webhook: webhook === null ? null : 'set' }),
  }
}

/** Has the audit log tell of a change in the transaction that makes it. */
function audited(
  { auditLog, by, now }: ManageKeysContext,
  action: AuditedAction,
  target: string,
  detail: Record<string, unknown>,
): Along {
  return (transaction) => auditLog.addTo(transaction, { ...by, action, target, detail }, now())
}
