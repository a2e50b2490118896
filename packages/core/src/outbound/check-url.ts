import { isIP } from 'node:net'
import { isPublicUnicast, isThisHost } from './address-policy.js'
import { type AllowEntry, isAddressListed, isHostListed, isPortListed, parseAllowList } from './allow-list.js'
import { type Destination, destinationOf, isLoopbackHost } from './check-address.js'

/** What may be dialled. `allow` holds the entries of AUGUR_OUTBOUND_ALLOW as they were written. */
export interface OutboundPolicy {
  readonly mode: 'development' | 'production'
  readonly allow: readonly string[]
}

/** `reason` is one sentence for the caller; it never repeats the URL. */
export type UrlCheck = { ok: true; url: URL } | { ok: false; reason: string }

const maxLength = 2048
const usualPorts: ReadonlySet<string> = new Set(['443', '80', '8443'])
const unsafeCharacter = /[\s\\\p{Cc}\p{Cf}\p{Cs}]/u
const authorityPattern = /^https?:\/\/([^/?]+)/i
const hostNamePattern = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
const privateSuffix = /\.(?:localhost|internal|local|localdomain|home\.arpa)$/

function textFault(text: string): string | null {
  if (text.length > maxLength) return `The URL is longer than ${maxLength} characters.`
  if (unsafeCharacter.test(text)) return 'The URL holds white space, a control character or a backslash.'
  if (text.includes('#')) return 'The URL has a fragment.'
  const authority = authorityPattern.exec(text)?.[1]
  if (authority === undefined) return 'The URL does not start with https:// or http:// and a host.'
  return authority.includes('@') ? 'The URL holds a user name or a password.' : null
}

function literalFault({ host, port }: Destination, list: readonly AllowEntry[]): string | null {
  if (isPublicUnicast(host)) return null
  const isListed = !isThisHost(host) && (isHostListed(list, host, port) || isAddressListed(list, host))
  return isListed ? null : 'The address is not public.'
}

function nameFault({ host, port }: Destination, list: readonly AllowEntry[]): string | null {
  if (!hostNamePattern.test(host)) return 'The host name is malformed.'
  const isPrivate = !host.includes('.') || privateSuffix.test(host)
  return isPrivate && !isHostListed(list, host, port) ? 'The host name is not public.' : null
}

function destinationFault(destination: Destination, policy: OutboundPolicy): string | null {
  const { host, port } = destination
  if (policy.mode === 'development' && isLoopbackHost(host) && port !== '0') return null
  if (policy.mode === 'production' && /(?:^|\.)localhost$/.test(host)) return 'The host is this machine.'
  const list = parseAllowList(policy.allow)
  const fault = isIP(host) === 0 ? nameFault(destination, list) : literalFault(destination, list)
  if (fault) return fault
  return usualPorts.has(port) || isPortListed(list, host, port) ? null : `Port ${port} is not allowed.`
}

function refuse(reason: string): UrlCheck {
  return { ok: false, reason }
}

/**
 * Checks a URL that someone else gave, before anything is resolved or dialled. The addresses that its name resolves
 * to are checked by the guarded agent when it connects.
 */
export function checkOutboundUrl(text: string, policy: OutboundPolicy): UrlCheck {
  const fault = textFault(text)
  if (fault) return refuse(fault)
  if (!URL.canParse(text)) return refuse('The URL is malformed.')
  const url = new URL(text)
  if (url.href.length > maxLength)
    return refuse(`The URL is longer than ${maxLength} characters once encoded.`)
  if (url.protocol === 'http:' && policy.mode === 'production')
    return refuse('The URL must start with https://.')
  const refusal = destinationFault(destinationOf(url), policy)
  return refusal === null ? { ok: true, url } : refuse(refusal)
}
