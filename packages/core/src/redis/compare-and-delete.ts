import type { Redis } from 'ioredis'
import { loadScript, runScript } from './script.js'

const script = loadScript(new URL('./compare-and-delete.lua', import.meta.url))

/** Deletes the key where it still holds `seen`. False when it does not. */
export async function compareAndDelete(redis: Redis, key: string, seen: string): Promise<boolean> {
  return (await runScript<number>(redis, script, [key], [seen])) === 1
}
