import { type ApiKey, isUsable } from '@augur/core/access/api-key'
import type { ApiKeyStore } from '@augur/core/access/api-key-store'
import { isKeyNeeded, type ReachSettings } from '@augur/core/access/is-key-needed'
import type { ApiContext } from './context.js'

const pageSize = 100

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

async function hasUsableKey(apiKeys: ApiKeyStore, nowMs: number): Promise<boolean> {
  for (let after: string | null = null; ; ) {
    const page: ApiKey[] = (await apiKeys.list(after, pageSize)) ?? []
    if (page.some((key) => isUsable(key, nowMs))) return true
    const last = page.at(-1)
    if (last === undefined) return false
    after = last.id
  }
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
    const isAny = await hasUsableKey(apiKeys, now()).catch(() => true)
    if (!isAny) refuse(explain(settings))
  }
  if (redis.status === 'ready') await check()
  else redis.once('ready', () => void check())
}
