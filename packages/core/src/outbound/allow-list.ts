import { isIPv6 } from 'node:net'
import { ConfigError } from '../config.js'
import { type AddressRange, isInRange, parseRange } from './address-policy.js'

/** One entry of AUGUR_OUTBOUND_ALLOW. A host without a port is allowed on the usual ports only. */
export type AllowEntry =
  | { kind: 'host'; host: string; port: string | null }
  | { kind: 'range'; range: AddressRange }

const entryPattern = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[a-z0-9._-]+))(?::(?<port>\d{1,5}))?$/

/** The host as `new URL` would write it, so that two spellings of one address are equal. */
function canonicalHost(host: string): string | null {
  try {
    const { hostname } = new URL(isIPv6(host) ? `http://[${host}]` : `http://${host}`)
    return hostname.replace(/^\[|[\].]$/g, '') || null
  } catch {
    return null
  }
}

function parseEntry(text: string): AllowEntry | null {
  if (text.includes('/')) {
    const range = parseRange(text)
    return range && { kind: 'range', range }
  }
  const entry = text.toLowerCase()
  const { v6, name, port = null } = entryPattern.exec(isIPv6(entry) ? `[${entry}]` : entry)?.groups ?? {}
  const host = canonicalHost(v6 ?? name ?? '')
  return host === null ? null : { kind: 'host', host, port }
}

// A list is read once per process and asked for with every request.
const parsedLists = new WeakMap<readonly string[], readonly AllowEntry[]>()

/**
 * Parses the entries of an allow-list: `host`, `host:port`, `[v6]:port` or a CIDR range. One array is parsed once, and
 * must not change.
 * @throws ConfigError that names `setting` and every entry that is none of them.
 */
export function parseAllowList(
  entries: readonly string[],
  setting = 'AUGUR_OUTBOUND_ALLOW',
): readonly AllowEntry[] {
  const known = parsedLists.get(entries)
  if (known !== undefined) return known
  const parsed = entries.map(parseEntry)
  const malformed = entries.filter((_, index) => parsed[index] === null)
  if (malformed.length > 0) {
    throw new ConfigError(`${setting}: not a host, host:port or CIDR range: ${malformed.join(', ')}`)
  }
  const list = parsed.filter((entry) => entry !== null)
  parsedLists.set(entries, list)
  return list
}

/** Whether an entry names `host` (a name or an address), for all of the usual ports or for this one. */
export function isHostListed(list: readonly AllowEntry[], host: string, port: string): boolean {
  return list.some((entry) => entry.kind === 'host' && entry.host === host && (entry.port ?? port) === port)
}

/** Whether an entry is `host:port`, which opens a port that is otherwise closed. */
export function isPortListed(list: readonly AllowEntry[], host: string, port: string): boolean {
  return list.some((entry) => entry.kind === 'host' && entry.host === host && entry.port === port)
}

/** Whether a CIDR entry holds `ip`. */
export function isAddressListed(list: readonly AllowEntry[], ip: string): boolean {
  return list.some((entry) => entry.kind === 'range' && isInRange(ip, entry.range))
}
