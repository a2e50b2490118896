import { Redis } from 'ioredis'

/** Calls and microseconds of each command since the server started; those that scripts make are among them. */
export type CommandUse = Record<string, { calls: number; usec: number }>

/** Parses the section `commandstats` of `INFO`. */
export function parseCommandStats(info: string): CommandUse {
  const lines = info.matchAll(/^cmdstat_(\S+?):calls=(\d+),usec=(\d+)/gm)
  return Object.fromEntries(
    Array.from(lines, ([, name = '', calls, usec]) => [name, { calls: Number(calls), usec: Number(usec) }]),
  )
}

/** What was called between two readings. */
export function commandsBetween(before: CommandUse, after: CommandUse): CommandUse {
  const entries = Object.entries(after).map(([name, { calls, usec }]) => {
    const earlier = before[name] ?? { calls: 0, usec: 0 }
    return [name, { calls: calls - earlier.calls, usec: usec - earlier.usec }] as const
  })
  return Object.fromEntries(entries.filter(([, { calls }]) => calls > 0))
}

export interface RedisObserver {
  identify(): Promise<{ pid: number; version: string }>
  readCommands(): Promise<CommandUse>
  close(): void
}

export function observeRedis(url: string): RedisObserver {
  const redis = new Redis(url)
  return {
    async identify() {
      const info = await redis.info('server')
      const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? ''
      return { pid: Number(field('process_id')), version: field('redis_version') }
    },
    readCommands: async () => parseCommandStats(await redis.info('commandstats')),
    close: () => redis.disconnect(),
  }
}
