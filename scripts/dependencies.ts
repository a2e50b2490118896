/** What is looked at of an entry in `package-lock.json`. */
export interface LockEntry {
  version?: string
  license?: string
  integrity?: string
  resolved?: string
  dev?: boolean
  link?: boolean
  hasInstallScript?: boolean
}
export type LockedPackages = Readonly<Record<string, LockEntry>>

/** Licences that what is delivered may have. libvips (LGPL) is linked at run time, as a library of its own. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
  'Unlicense',
])
/** And tools that are not delivered. */
const allowedForTools = new Set([...allowed, 'MPL-2.0', 'Python-2.0', 'CC-BY-4.0'])
/** LGPL is for these alone. */
const mayBeLgpl = /^@img\/sharp-/

/** The oldest versions without a known hole that matters here. */
export const floors: Readonly<Record<string, string>> = {
  hono: '4.13.5',
  '@hono/node-server': '1.19.15',
  undici: '7.18.2',
  'onnxruntime-node': '1.28.1',
  sharp: '0.34.0',
}
/** Addresses are classified by `ipaddr.js`; these were bypassed more than once. */
const refused = ['ip', 'ip-address']

/**
 * Packages whose install scripts are not run, and why nothing is missing without them: onnxruntime-node ships its CPU
 * library, esbuild and msgpackr-extract come as packages for each platform, and the other only counts installations.
 */
const withScripts = new Set(['onnxruntime-node', 'esbuild', 'msgpackr-extract', '@scarf/scarf', 'fsevents'])

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Whether one of the choices of an SPDX expression is allowed, with all its parts. */
export function isAllowed(expression: string, licences: ReadonlySet<string>): boolean {
  const plain = expression.replaceAll(/[()]/g, '')
  return plain
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => licences.has(part.trim())))
}

/** Whether a version such as `1.9.0` comes before another. */
export function isBelow(version: string, floor: string): boolean {
  const [given = [], wanted = []] = [version, floor].map((text) => text.split('-')[0]?.split('.').map(Number))
  for (const [i, part] of wanted.entries()) {
    const other = given[i] ?? 0
    if (other !== part) return other < part
  }
  return false
}

function faultsOf(name: string, entry: LockEntry): string[] {
  const { version = '', license, integrity, resolved, dev = false, hasInstallScript = false } = entry
  const faults: string[] = []
  if (license === undefined) faults.push('names no licence')
  else if (!isAllowed(license, dev ? allowedForTools : allowed)) faults.push(`has the licence ${license}`)
  else if (license.includes('LGPL') && !mayBeLgpl.test(name)) faults.push(`has the licence ${license}`)
  if (integrity === undefined) faults.push('has no checksum')
  if (resolved !== undefined) faults.push('names a registry')
  if (hasInstallScript && !withScripts.has(name)) faults.push('has an install script')
  const floor = floors[name]
  if (floor !== undefined && isBelow(version, floor)) faults.push(`${version} is older than ${floor}`)
  if (refused.includes(name)) faults.push('is not to be used')
  return faults
}

/** What is wrong with the packages that a lock file names, as `name: fault`. */
export function findDependencyFaults(packages: LockedPackages): string[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .flatMap(([path, entry]) => faultsOf(nameOf(path), entry).map((fault) => `${nameOf(path)}: ${fault}`))
}
