import type { Redis } from 'ioredis'

/** BullMQ uses what came with it. */
const oldestVersion = '6.2.0'

/** Whether a version such as `6.0.16` comes before another. */
export function isOlder(version: string, than: string): boolean {
  const [given, wanted] = [version, than].map((text) => text.split('.').map(Number))
  for (const [i, part] of (wanted ?? []).entries()) {
    const other = given?.[i] ?? 0
    if (other !== part) return other < part
  }
  return false
}

/** Why this Redis may lose what it accepted, one sentence each; empty when it may not. */
export async function findDurabilityFaults(redis: Redis): Promise<string[]> {
  const [server, persistence, memory] = await Promise.all([
    redis.info('server'),
    redis.info('persistence'),
    redis.info('memory'),
  ])
  const faults: string[] = []
  const version = /^redis_version:(\S+)/m.exec(server)?.[1] ?? ''
  if (isOlder(version, oldestVersion)) faults.push(`Redis ${version} is too old (${oldestVersion} or newer).`)
  if (!/^aof_enabled:1/m.test(persistence))
    faults.push('Redis keeps no append-only file (set appendonly yes).')
  if (!/^maxmemory_policy:noeviction/m.test(memory)) {
    faults.push('Redis evicts keys when it is full (set maxmemory-policy noeviction).')
  }
  return faults
}

/** Calls `refuse` whenever the connection stands and its server may lose what it accepted. */
export function requireDurability(redis: Redis, refuse: (faults: string[]) => void): void {
  const check = () => {
    // A server that went away again is checked when it is back.
    findDurabilityFaults(redis).then(
      (faults) => {
        if (faults.length > 0) refuse(faults)
      },
      () => {},
    )
  }
  redis.on('ready', check)
  if (redis.status === 'ready') check()
}
