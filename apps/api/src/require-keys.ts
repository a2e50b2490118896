import { isUsable } from '@augur/core/access/api-key'
import { isLoopbackHost } from '@augur/core/outbound/check-address'
import type { ApiSettings } from './config.js'
import type { ApiContext } from './context.js'

type AccessSettings = Pick<ApiSettings, 'HOST' | 'AUGUR_API_KEY' | 'AUGUR_REQUIRE_KEY'>

/** Whether a request without a key is refused. */
export function isKeyNeeded({ HOST, AUGUR_API_KEY, AUGUR_REQUIRE_KEY }: AccessSettings): boolean {
  return AUGUR_REQUIRE_KEY || AUGUR_API_KEY !== undefined || !isLoopbackHost(HOST)
}

function explain({ HOST, AUGUR_REQUIRE_KEY }: AccessSettings): string {
  const why = AUGUR_REQUIRE_KEY ? 'AUGUR_REQUIRE_KEY asks for keys' : `HOST=${HOST} is reachable by others`
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
