import { isUsable } from '@augur/core/access/api-key'
import { isLoopbackHost } from '@augur/core/outbound/check-address'
import type { ApiSettings } from './config.js'
import type { ApiContext } from './context.js'

type AccessSettings = Pick<
  ApiSettings,
  'HOST' | 'AUGUR_API_KEY' | 'AUGUR_REQUIRE_KEY' | 'AUGUR_TRUSTED_PROXIES'
>

/** Whether a request without a key is refused. Behind a proxy everybody seems to be on this machine. */
export function isKeyNeeded(settings: AccessSettings): boolean {
  if (settings.AUGUR_REQUIRE_KEY || settings.AUGUR_API_KEY !== undefined) return true
  return settings.AUGUR_TRUSTED_PROXIES.length > 0 || !isLoopbackHost(settings.HOST)
}

function reasonOf({ HOST, AUGUR_REQUIRE_KEY, AUGUR_TRUSTED_PROXIES }: AccessSettings): string {
  if (AUGUR_REQUIRE_KEY) return 'AUGUR_REQUIRE_KEY asks for keys'
  return AUGUR_TRUSTED_PROXIES.length > 0
    ? 'AUGUR_TRUSTED_PROXIES says that others come through a proxy'
    : `HOST=${HOST} is reachable by others`
}

function explain(settings: AccessSettings): string {
  const why = reasonOf(settings)
  return `${why}, and there is none: set AUGUR_API_KEY, or make one with \`npm run augur -- keys create\` while Augur runs on loopback.`
}

/**
 * Calls `refuse` with the reason when nobody could use this server: no key in the settings, none in the store. While
 * Redis is away nobody comes in, and it is looked at when it is back.
 */
export async function requireKeys(
  { settings, apiKeys, redis, now }: Pick<ApiContext, 'settings' | 'apiKeys' | 'redis' | 'now'>,
  refuse: (reason: string) => void,
): Promise<void> {
  if (!isKeyNeeded(settings) || settings.AUGUR_API_KEY !== undefined) return
  const check = async () => {
    const found = await apiKeys.list().catch(() => null)
    if (found !== null && !found.some((key) => isUsable(key, now()))) refuse(explain(settings))
  }
  if (redis.status === 'ready') await check()
  else redis.once('ready', () => void check())
}
