import type { Redis } from 'ioredis'
import { loadScript, runScript } from './script.js'

const script = loadScript(new URL('./lease.lua', import.meta.url))

/** Takes a lease or prolongs one's own; false while somebody else holds it. */
export async function holdLease(
  redis: Redis,
  key: string,
  owner: string,
  durationMs: number,
): Promise<boolean> {
  return (await runScript<number>(redis, script, [key], [owner, durationMs])) === 1
}
