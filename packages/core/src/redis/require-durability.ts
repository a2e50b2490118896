import type { Redis } from 'ioredis'

/** Why this Redis may lose what it accepted, one sentence each; empty when it may not. */
export async function findDurabilityFaults(redis: Redis): Promise<string[]> {
  const [persistence, memory] = await Promise.all([redis.info('persistence'), redis.info('memory')])
  const faults: string[] = []
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
