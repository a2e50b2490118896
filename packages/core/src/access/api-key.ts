import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomToken } from '../ids.js'
import type { WebhookEvent } from '../webhooks/webhook-events.js'
import type { Scope } from './scopes.js'

/** What a key may have; null: what the settings say, 0: any number. */
export interface KeyLimits {
  /** Predictions that wait or run at a time. */
  maxOpen: number | null
  requestsPerSecond: number | null
}

export const usualLimits: KeyLimits = { maxOpen: null, requestsPerSecond: null }

/** Where events of a key's predictions go when their create names no webhook. */
export interface DefaultWebhook {
  url: string
  events: readonly WebhookEvent[]
}

/** A key as it is stored: its secret part only as a digest. */
export interface ApiKey extends KeyLimits {
  /** The readable part, which names the key in lists, logs and the audit log. */
  id: string
  /** Of the whole text of the key: sha256, hexadecimal. */
  digest: string
  name: string
  tenant: string
  scopes: readonly Scope[]
  webhook: DefaultWebhook | null
  /** Milliseconds since 1970, as are those below. */
  createdAt: number
  expiresAt: number | null
  /** Set when another took its place. */
  retiresAt: number | null
  revokedAt: number | null
}

/** `augur_<12 characters that name it>_<32 random bytes, base64url>`: found by scanners of leaked secrets. */
const pattern = /^augur_([0-9a-hjkmnp-tv-z]{12})_[A-Za-z0-9_-]{43}$/
const idPattern = /^[0-9a-hjkmnp-tv-z]{12}$/
const anywhere = /(augur_[0-9a-hjkmnp-tv-z]{12})_[A-Za-z0-9_-]+/g

export const newKeyId = () => randomToken().slice(0, 12)

/** A new key. Its text exists here only: what is stored cannot be turned back into it. */
export function newApiKeyText(id = newKeyId()): { id: string; text: string; digest: string } {
  const text = `augur_${id}_${randomBytes(32).toString('base64url')}`
  return { id, text, digest: digestOf(text) }
}

/** The id that a text claims to belong to, or null when it is no key at all. */
export function idOfKeyText(text: string): string | null {
  return pattern.exec(text)?.[1] ?? null
}

/**
 * Whether the text is this key, and the key is good at that time. Takes as long whatever is wrong. Random secrets of
 * 256 bits need no slow hash: nobody finds one by trying.
 */
export function isGoodKey(text: string, key: ApiKey | null, nowMs: number): key is ApiKey {
  const given = Buffer.from(digestOf(text))
  const isSame = timingSafeEqual(given, key === null ? Buffer.alloc(given.length) : Buffer.from(key.digest))
  if (!isSame || key === null) return false
  return isUsable(key, nowMs)
}

/** Whether whoever has the text of the key may use it at that time. */
export function isUsable(key: ApiKey, nowMs: number): boolean {
  return key.revokedAt === null && nowMs < (endOf(key) ?? Number.POSITIVE_INFINITY)
}

/** Whether the text can be the id of a key. */
export function isKeyId(text: string): boolean {
  return idPattern.test(text)
}

/** When the key ends if nobody revokes it before: it expires, or its successor has replaced it. */
export function endOf({ expiresAt, retiresAt }: ApiKey): number | null {
  if (expiresAt === null || retiresAt === null) return expiresAt ?? retiresAt
  return Math.min(expiresAt, retiresAt)
}

/** The text without the secrets of keys that somebody wrote where none belongs. */
export function cutKeys(text: string): string {
  return text.replaceAll(anywhere, '$1_[cut]')
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')
