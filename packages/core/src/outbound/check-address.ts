import { isLoopback, isPublicUnicast, isThisHost } from './address-policy.js'
import { type AllowEntry, isAddressListed, isHostListed } from './allow-list.js'

/** Where a connection goes: the host as `new URL` writes it, without brackets and without a final dot. */
export interface Destination {
  host: string
  port: string
}

/** The destination of a parsed http or https URL. */
export function destinationOf(url: { hostname: string; protocol: string; port: string }): Destination {
  const host = url.hostname.replace(/^\[|[\].]$/g, '')
  return { host, port: url.port || (url.protocol === 'https:' ? '443' : '80') }
}

/** `localhost`, or a literal of 127.0.0.0/8 or ::1. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host)
}

/**
 * Whether a connection to `destination` may go to `ip`, an address that its host resolved to. Loopback passes in
 * development only, and only for localhost, a literal or a listed host: a public name that resolves to it is rebound.
 */
export function isAddressAllowed(
  ip: string,
  { host, port }: Destination,
  policy: { mode: 'development' | 'production'; list: readonly AllowEntry[] },
): boolean {
  const isListed = () => isHostListed(policy.list, host, port)
  if (isThisHost(ip)) {
    return policy.mode === 'development' && isLoopback(ip) && (isLoopbackHost(host) || isListed())
  }
  return isPublicUnicast(ip) || isAddressListed(policy.list, ip) || isListed()
}
