import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

// Ranges that ipaddr.js calls unicast and that no public receiver has.
const alsoRefused = [
  '168.63.129.16/32', // the platform agent of a large cloud, at an address that looks public
  '::/96', // IPv4-compatible, deprecated, still routed by some kernels
  // All of IPv6 outside the allocated 2000::/3, but for 0000::/8, whose translated ranges ipaddr.js knows.
  '100::/8',
  '200::/7', // overlay networks live here
  '400::/6',
  '800::/5',
  '1000::/4',
  '4000::/2',
  '8000::/1',
].map((range) => ipaddr.parseCIDR(range))

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]

function parseAddress(text: string): Address | null {
  // ipaddr.js would also read 127.1, 0x7f000001 and 0177.0.0.1; only the one canonical spelling is an address here.
  return isIP(text) === 0 ? null : ipaddr.parse(text)
}

function isWithin(address: Address, [base, bits]: Range): boolean {
  return address.kind() === base.kind() && address.match(base, bits)
}

/** Whether `ip`, in canonical text form, is a public unicast address. Anything else, and any other text, is not. */
export function isPublicUnicast(ip: string): boolean {
  const address = parseAddress(ip)
  if (address?.range() !== 'unicast') return false
  return !alsoRefused.some((range) => isWithin(address, range))
}

/** Whether `ip` is 127.0.0.0/8 or ::1, in no other form. */
export function isLoopback(ip: string): boolean {
  return parseAddress(ip)?.range() === 'loopback'
}

/** Whether a connection to `ip` ends on this machine: loopback and unspecified addresses, IPv4-mapped ones too. */
export function isThisHost(ip: string): boolean {
  const address = parseAddress(ip)
  if (address === null) return false
  const range = (
    address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
  ).range()
  return range === 'loopback' || range === 'unspecified'
}

/** Parses `10.0.0.0/8` or `fd00::/8`; null when it is no range. */
export function parseRange(text: string): Range | null {
  const [base = '', bits = ''] = text.split('/')
  if (isIP(base) === 0 || !/^\d{1,3}$/.test(bits) || !ipaddr.isValidCIDR(text)) return null
  return ipaddr.parseCIDR(text)
}

/** Whether `ip` lies in `range`. An IPv4-mapped address lies in no IPv4 range. */
export function isInRange(ip: string, range: Range): boolean {
  const address = parseAddress(ip)
  return address !== null && isWithin(address, range)
}

export type { Range as AddressRange }
