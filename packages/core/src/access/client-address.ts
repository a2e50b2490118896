import { isIP, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { type AddressRange, isInRange, parseRange } from '../outbound/address-policy.js'

/** The one spelling of an address, without port and zone, an IPv4-mapped one as IPv4; null when it is none. */
function canonicalAddress(text: string): string | null {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text) ?? []
  const [address = ''] = (bracketed ?? dotted ?? text).split('%')
  return isIP(address) === 0 ? null : ipaddr.process(address).toString()
}

/** Parses an address or a CIDR range of proxies; null when it is neither. */
export function parseProxy(text: string): AddressRange | null {
  return parseRange(text.includes('/') ? text : `${text}/${isIPv6(text) ? 128 : 32}`)
}

/** Where a request came from, by its connection. */
export interface Peer {
  address: string | undefined
  /** The header `X-Forwarded-For`. */
  forwardedFor: string | undefined
}

/**
 * The address of the client: that of the connection, or, where it belongs to a trusted proxy, the last one that the
 * proxies name and that is not one of theirs. What a client writes into the header itself is never believed.
 */
export function clientAddress({ address, forwardedFor }: Peer, trusted: readonly AddressRange[]): string {
  const named = forwardedFor?.split(',') ?? []
  let client = canonicalAddress(address ?? '') ?? 'unknown'
  while (trusted.some((range) => isInRange(client, range))) {
    const before = canonicalAddress(named.pop()?.trim() ?? '')
    if (before === null) break
    client = before
  }
  return client
}

/** What is counted together: an IPv4 address, or the /64 that one IPv6 subscriber has to himself. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const { parts } = ipaddr.IPv6.parse(address)
  return `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
