import type { Redis } from 'ioredis'
import { loadScript, runScript } from './script.js'

const script = loadScript(new URL('./compare-and-set.lua', import.meta.url))

/** Writes `value` where the key still holds `seen`. False when it does not. */
export async function compareAndSet(
  redis: Redis,
  key: string,
  { seen, value, ttlMs }: { seen: string; value: string; ttlMs: number },
): Promise<boolean> {
  return (await runScript<number>(redis, script, [key], [seen, value, ttlMs])) === 1
}
