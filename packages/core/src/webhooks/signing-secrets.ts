import { randomBytes } from 'node:crypto'
import { ServiceError } from '../errors.js'
import { randomToken } from '../ids.js'

/** One of the secrets that a tenant's webhooks are signed with. */
export interface SigningSecret {
  /** `default` for the one that derives from the master key. */
  id: string
  /** `whsec_…`; the derived one is stored nowhere. */
  key: string | null
  /** Milliseconds since 1970; 0 for the derived one. */
  createdAt: number
  /** When it stops to sign; null while nobody has set an end. */
  expiresAt: number | null
}

export const derivedSecretId = 'default'
const mostSecrets = 8

export const newSecretId = () => randomToken().slice(0, 12)

/** What a tenant has before anything was changed. */
export const firstSecrets: readonly SigningSecret[] = [
  { id: derivedSecretId, key: null, createdAt: 0, expiresAt: null },
]

const isLive = ({ expiresAt }: SigningSecret, nowMs: number) => expiresAt === null || nowMs < expiresAt

/** Those that sign now, newest first. */
export function liveSecrets<S extends SigningSecret>(secrets: readonly S[], nowMs: number): S[] {
  return secrets.filter((secret) => isLive(secret, nowMs)).toReversed()
}

/**
 * With a new one, after those that still sign; as they are where there is one of that id.
 * @throws ServiceError `secret_needed` when there are too many
 */
export function withNewSecret(
  secrets: readonly SigningSecret[],
  nowMs: number,
  id = newSecretId(),
): SigningSecret[] {
  if (secrets.some((secret) => secret.id === id)) return [...secrets]
  const live = secrets.filter((secret) => isLive(secret, nowMs))
  if (live.length >= mostSecrets)
    throw new ServiceError('secret_needed', `There are ${mostSecrets} secrets already: expire one first.`)
  const key = `whsec_${randomBytes(32).toString('base64')}`
  const added = { id, key, createdAt: nowMs, expiresAt: null }
  return [...withoutExpired(secrets, nowMs), added]
}

/** With a new one, unless there is one of that id, and an end for all that sign now: after `graceMs`, in which receivers change over. */
export function rotated(
  secrets: readonly SigningSecret[],
  graceMs: number,
  nowMs: number,
  id = newSecretId(),
): SigningSecret[] {
  if (secrets.some((secret) => secret.id === id)) return [...secrets]
  const endsAt = nowMs + graceMs
  const ending = secrets.map((secret) => ({
    ...secret,
    expiresAt: Math.min(secret.expiresAt ?? endsAt, endsAt),
  }))
  return withNewSecret(ending, nowMs, id)
}

/**
 * Without one, at once.
 * @throws ServiceError `not_found`, or `secret_needed` where no other signs for good
 */
export function withoutSecret(secrets: readonly SigningSecret[], id: string, nowMs: number): SigningSecret[] {
  const found = secrets.find((secret) => secret.id === id)
  if (!found || !isLive(found, nowMs)) throw new ServiceError('not_found', 'There is no secret with this id.')
  const isLast = !secrets.some((secret) => secret.id !== id && secret.expiresAt === null)
  if (isLast) throw new ServiceError('secret_needed', 'Webhooks need a secret: create another one first.')
  const ended = secrets.map((secret) => (secret.id === id ? { ...secret, expiresAt: nowMs } : secret))
  return withoutExpired(ended, nowMs)
}

/** But for the derived one, which would be there again if nothing told of its end. */
function withoutExpired(secrets: readonly SigningSecret[], nowMs: number): SigningSecret[] {
  return secrets.filter((secret) => secret.id === derivedSecretId || isLive(secret, nowMs))
}
