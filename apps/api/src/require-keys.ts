import { isUsable } from '@augur/core/access/api-key'
import { isKeyNeeded, type ReachSettings } from '@augur/core/access/is-key-needed'
import type { ApiContext } from './context.js'

function reasonOf({ HOST, AUGUR_REQUIRE_KEY, AUGUR_TRUSTED_PROXIES }: ReachSettings): string {
  if (AUGUR_REQUIRE_KEY) return 'AUGUR_REQUIRE_KEY asks for keys'
  return AUGUR_TRUSTED_PROXIES.length > 0
    ? 'AUGUR_TRUSTED_PROXIES says that others come through a proxy'
    : `HOST=${HOST} is reachable by others`
}

function explain(settings: ReachSettings): string {
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
