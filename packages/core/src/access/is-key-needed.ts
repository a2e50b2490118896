import { isLoopbackHost } from '../outbound/check-address.js'

/** The settings that say who can reach a server. */
export interface ReachSettings {
  HOST: string
  AUGUR_API_KEY?: string | undefined
  AUGUR_REQUIRE_KEY: boolean
  AUGUR_TRUSTED_PROXIES: readonly unknown[]
}

/** Whether a request without a key is refused. Behind a proxy everybody seems to be on this machine. */
export function isKeyNeeded(settings: ReachSettings): boolean {
  if (settings.AUGUR_REQUIRE_KEY || settings.AUGUR_API_KEY !== undefined) return true
  return settings.AUGUR_TRUSTED_PROXIES.length > 0 || !isLoopbackHost(settings.HOST)
}
