import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** A Lua script from a `.lua` file; its header lists KEYS, ARGV and what it returns. */
export interface Script {
  lua: string
  sha: string
}

/** Without its comments: where a script is sent as text, they would travel with every call. */
export function loadScript(url: URL): Script {
  const lua = readFileSync(url, 'utf8').replaceAll(/^ *--.*\n/gm, '')
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/**
 * Runs a script by its digest, and sends its text only to a server that has not seen it (or lost it).
 * `Reply` is what the script's header says that it returns.
 */
export async function runScript<Reply>(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<Reply> {
  const run = async () => {
    try {
      return await redis.evalsha(script.sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.eval(script.lua, keys.length, ...keys, ...args)
    }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script's header is the contract
  return (await run()) as Reply
}

/**
 * Runs a script by its text: unlike a digest it is never refused and sent again, so that what is sent after it over
 * the same connection finds it done.
 */
export async function runScriptInOrder<Reply>(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<Reply> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script's header is the contract
  return (await redis.eval(script.lua, keys.length, ...keys, ...args)) as Reply
}
