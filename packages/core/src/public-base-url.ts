import { isIPv6 } from 'node:net'

interface AddressSettings {
  AUGUR_PUBLIC_URL?: string | undefined
  HOST: string
  PORT: number
}

/** Root of the predictions dialect for those who did not come by a request, such as receivers of webhooks. */
export function publicBaseUrl({ AUGUR_PUBLIC_URL, HOST, PORT }: AddressSettings): string {
  const host = isIPv6(HOST) ? `[${HOST}]` : HOST
  const root = AUGUR_PUBLIC_URL ?? `http://${host}:${PORT}`
  return `${root.replace(/\/$/, '')}/api/v1`
}
