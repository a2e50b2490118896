import type { Redis } from 'ioredis'
import { loadScript, runScript } from './script.js'

const script = loadScript(new URL('./set-if-absent.lua', import.meta.url))

/**
 * Writes `value` where there is none, and gives what was there already; null when it is written. As `SET … NX GET`,
 * which servers before 7.0 do not know.
 */
export async function setIfAbsent(
  redis: Redis,
  key: string,
  value: string,
  ttlMs: number,
): Promise<string | null> {
  return runScript<string | null>(redis, script, [key], [value, ttlMs])
}
