import type { Redis } from 'ioredis'

const infoNumber = (info: string, field: string) =>
  Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)

/**
 * Share of its memory limit that Redis uses, 0 to 1 and beyond; 0 where there is no limit.
 * `maxBytes` is the limit where the server itself sets none.
 */
export async function readMemoryUse(redis: Redis, maxBytes: number | undefined): Promise<number> {
  const info = await redis.info('memory')
  const limit = infoNumber(info, 'maxmemory') || maxBytes
  return limit === undefined ? 0 : infoNumber(info, 'used_memory') / limit
}
