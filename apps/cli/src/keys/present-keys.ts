import { columns } from '../columns.js'
import type { ListedKey, NewKey } from './keys-api.js'

const day = (time: string) => time.slice(0, 10)

/** Whether a key is good at that time, and if not or not for ever, since or until when. */
export function stateOf(key: ListedKey, nowMs: number): string {
  if (key.revoked_at !== null) return `revoked ${day(key.revoked_at)}`
  const ends = [key.expires_at, key.retires_at].filter((end) => end !== null).toSorted()
  const [end] = ends
  if (end === undefined) return 'good'
  return Date.parse(end) <= nowMs ? `ended ${day(end)}` : `good until ${end.slice(0, 16).replace('T', ' ')}`
}

/** What limits of its own a key has. */
export function limitsOf({
  max_open_predictions: open,
  requests_per_second: rate,
}: Pick<ListedKey, 'max_open_predictions' | 'requests_per_second'>): string {
  const words = [
    open !== null && `open ${open || 'any'}`,
    rate !== null && `rate ${rate ? `${rate}/s` : 'any'}`,
  ]
  return words.filter((word) => word !== false).join(', ') || '-'
}

/** Where events of its predictions go by default. */
export const webhookOf = ({ webhook }: Pick<ListedKey, 'webhook'>) => `webhook ${webhook ?? 'none'}`

/** A table for a terminal, one key a line. */
export function keyTable(keys: readonly ListedKey[], nowMs: number): string {
  if (keys.length === 0) return 'There are no keys.'
  const rows = [
    ['ID', 'NAME', 'TENANT', 'SCOPES', 'LIMITS', 'CREATED', 'STATE'],
    ...keys.map((key) => [
      key.id,
      key.name,
      key.tenant,
      key.scopes.join(','),
      limitsOf(key),
      day(key.created_at),
      stateOf(key, nowMs),
    ]),
  ]
  return columns(rows)
}

/** What is shown of a new key, once. */
export function newKeyMessage({ id, name, tenant, scopes, webhook, key }: NewKey): string {
  return [
    `Key ${id} (${name}) of the tenant ${tenant}, for ${scopes.join(', ')}.`,
    ...(webhook === null ? [] : [`Its predictions tell ${webhook} by default.`]),
    'It is shown this once; nobody can look it up later.',
    '',
    `  ${key}`,
    '',
  ].join('\n')
}
