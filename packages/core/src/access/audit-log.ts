import type { ChainableCommander, Redis } from 'ioredis'
import { commit } from '../redis/commit.js'
import type { Keys } from '../redis/keys.js'

/** What leaves a line in the audit log. */
export const auditedActions = [
  'key.create',
  'key.rotate',
  'key.update',
  'key.revoke',
  'webhook_secret.create',
  'webhook_secret.rotate',
  'webhook_secret.expire',
  'model.load',
  'model.unload',
  'version.pause',
  'version.resume',
  'version.drain',
  'version.purge',
  'rollout.set',
  'rollout.stop',
  'rollout.promote',
  'rollout.rollback',
  'rollout.remove',
] as const
export type AuditedAction = (typeof auditedActions)[number]

export interface AuditEvent {
  action: AuditedAction
  /** What it was done to: a key's or a version's id, a model's name. */
  target: string
  /** Who did it: a key's id, `static` for the key of the settings, `local` where no key is needed. */
  actor: string
  tenant: string
  /** The network address that the request came from. */
  address: string
  /** Further facts, never a secret. */
  detail: Record<string, unknown>
}

export interface AuditEntry extends AuditEvent {
  /** Orders entries by time. */
  id: string
  /** Milliseconds since 1970. */
  at: number
}

/** Whether the text can be the id of an entry. */
export function isAuditId(text: string): boolean {
  // The very first id is none that Redis would look before.
  return /^(?!0+-0+$)\d{1,16}-\d{1,16}$/.test(text)
}

/**
 * Who changed what, when and from where. Entries are added and read; nothing changes one, and the oldest go once there
 * are more than `maxEntries`, give or take a hundred.
 */
export class AuditLog {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly maxEntries = 100_000,
  ) {}

  async add(event: AuditEvent, nowMs: number): Promise<void> {
    const transaction = this.redis.multi()
    this.addTo(transaction, event, nowMs)
    await commit(transaction)
  }

  /** Adds it together with the change that it is about, or not at all. */
  addTo(transaction: ChainableCommander, event: AuditEvent, nowMs: number): void {
    const fields = ['at', nowMs, 'event', JSON.stringify(event)]
    transaction.xadd(this.keys.auditLog, 'MAXLEN', '~', this.maxEntries, '*', ...fields)
  }

  /** Newest first, those older than the entry `before` only. */
  async list(before: string | null, limit: number): Promise<AuditEntry[]> {
    const from = before === null ? '+' : `(${before}`
    const found = await this.redis.xrevrange(this.keys.auditLog, from, '-', 'COUNT', limit)
    return found.map(([id, fields]) => decode(id, fields))
  }
}

function decode(id: string, [, at = '0', , text = '{}']: string[]): AuditEntry {
  // Written by `add`, and by nobody else.
  const event: AuditEvent = JSON.parse(text)
  return { id, at: Number(at), ...event }
}
