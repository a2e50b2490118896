import { Augur } from '@augur/client'

/** Which server commands ask, and with which key. */
export interface ServerSettings {
  /** For example `http://127.0.0.1:8000`. */
  url: string
  apiKey: string | undefined
}

export function serverClient({ url, apiKey }: ServerSettings): Augur {
  return new Augur({ url, ...(apiKey !== undefined && { key: apiKey }) })
}

/** A model or version as people write it: the owner may be left out where it is the usual one. */
export function modelReference(text: string): string {
  const isId = /^[0-9a-f]{64}$/.test(text)
  return isId || text.includes('/') ? text : `augur/${text}`
}
