import { findDurabilityFaults } from '@augur/core/redis/require-durability'
import { connectFailFast, whenConnected } from '@augur/core/redis/connection'
import { findRedisBinary } from '@augur/core/redis/find-redis-binary'
import { readMemoryUse } from '@augur/core/redis/memory'
import { createLogger } from '@augur/core/telemetry/logger'
import { type Finding, ok, problem, warning } from './finding.js'

export interface RedisSettings {
  REDIS_URL?: string | undefined
  AUGUR_MODE: 'development' | 'production'
  AUGUR_REDIS_MAX_BYTES?: number | undefined
}

const withinMs = 3000
/** Beyond this share of its memory, submissions are refused. */
const fullFrom = 0.8
const oldestMajor = 7

/** Whether the Redis that the settings name can be used, or one can be brought up where they name none. */
export async function checkRedis(
  settings: RedisSettings,
  { packageDir, env }: { packageDir: string; env: Record<string, string | undefined> },
): Promise<Finding[]> {
  const { REDIS_URL: url } = settings
  if (url !== undefined) return checkServer(url, settings)
  try {
    const { command, version } = await findRedisBinary({ packageDir, env })
    return [ok('Redis', `a private one is brought up: ${command} ${version}`)]
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return [problem('Redis', text, 'sudo apt-get install redis-server, or set REDIS_URL')]
  }
}

async function checkServer(url: string, settings: RedisSettings): Promise<Finding[]> {
  const redis = connectFailFast({ url, name: 'augur:doctor', logger: createLogger('doctor', 'fatal') })
  let refusal = ''
  redis.on('error', (error: Error) => (refusal = error.message))
  try {
    await whenConnected(redis, withinMs)
    const info = await redis.info('server').catch((error: Error) => error)
    if (info instanceof Error) return [unreachable(url, refusal || info.message)]
    return [
      checkVersion(/^redis_version:(\S+)/m.exec(info)?.[1] ?? '0'),
      ...(await checkDurability(await findDurabilityFaults(redis), settings)),
      checkMemory(await readMemoryUse(redis, settings.AUGUR_REDIS_MAX_BYTES)),
    ]
  } finally {
    redis.disconnect()
  }
}

function unreachable(url: string, reason: string): Finding {
  const { host } = new URL(url)
  if (/NOAUTH|WRONGPASS/.test(reason)) {
    return problem(
      'Redis',
      `${host} wants a password`,
      'put it into REDIS_URL: redis://user:password@host:6379',
    )
  }
  return problem('Redis', `nothing answers at ${host} (${reason})`, 'start that Redis, or mend REDIS_URL')
}

function checkVersion(version: string): Finding {
  if (Number(version.split('.')[0]) >= oldestMajor) return ok('Redis', `version ${version}`)
  return problem('Redis', `version ${version} is too old`, `use Redis ${oldestMajor}.0 or newer, or Valkey`)
}

/** Production refuses what development only warns of. */
async function checkDurability(
  faults: readonly string[],
  { AUGUR_MODE: mode }: RedisSettings,
): Promise<Finding[]> {
  if (faults.length === 0) return [ok('Redis', 'keeps what it accepted: append-only file, noeviction')]
  const found = mode === 'production' ? problem : warning
  return faults.map((fault) => {
    const [text = fault, advice = ''] = fault.split(/ \((.*)\)\.$/)
    const [, name, value] = advice.split(' ')
    return found('Redis', text, `redis-cli config set ${name} ${value}, and the same in redis.conf`)
  })
}

function checkMemory(share: number): Finding {
  const text = `${Math.round(100 * share)} % of its memory is used`
  if (share < fullFrom) return ok('Redis', share === 0 ? 'no memory limit, or nothing used yet' : text)
  return problem(
    'Redis',
    `${text}: submissions are refused`,
    'raise maxmemory, or shorten AUGUR_DATA_RETENTION_SECONDS',
  )
}
