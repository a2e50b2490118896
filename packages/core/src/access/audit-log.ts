import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'

/** What leaves a line in the audit log. */
export const auditedActions = [
  'key.create',
  'key.rotate',
  'key.revoke',
  'model.load',
  'model.unload',
] as const
export type AuditedAction = (typeof auditedActions)[number]

export interface AuditEvent {
  action: AuditedAction
  /** What it was done to: a key's id, a model's name. */
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

/** Who changed what, when and from where. Entries are added and read; nothing changes or removes one. */
export class AuditLog {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(event: AuditEvent, nowMs: number): Promise<void> {
    await this.redis.xadd(this.keys.auditLog, '*', 'at', nowMs, 'event', JSON.stringify(event))
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
