import { isIPv6 } from 'node:net'

/** Where a server that listens on `host` answers callers on this machine. */
export function reachableUrl(host: string, port: number): string {
  const local = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${isIPv6(local) ? `[${local}]` : local}:${port}`
}
