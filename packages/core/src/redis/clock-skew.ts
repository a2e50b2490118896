import type { Redis } from 'ioredis'

/** With a clock further off than this, times that callers set and signatures that receivers check come out wrong. */
export const mostSkewMs = 30_000

const checkEveryMs = 10_000

/** How far this process's clock is ahead of Redis's; 0 where the two may agree, as far as one exchange can tell. */
export async function readClockSkewMs(redis: Redis, now: () => number): Promise<number> {
  const before = now()
  const [seconds, microseconds] = await redis.time()
  const after = now()
  const there = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  if (there < before) return before - there
  return there > after ? after - there : 0
}

/** Null, or the sentence that says how wrong a clock is. */
export function describeSkew(skewMs: number): string | null {
  if (Math.abs(skewMs) <= mostSkewMs) return null
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  return `The clock of this process is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of Redis.`
}

/** Calls `refuse` when the clock turns out to be wrong: whenever the connection stands, and every 10 s from then on. */
export function requireTrueClock(redis: Redis, now: () => number, refuse: (reason: string) => void): void {
  const check = () => {
    if (redis.status !== 'ready') return
    readClockSkewMs(redis, now).then(
      (skewMs) => {
        const reason = describeSkew(skewMs)
        if (reason !== null) refuse(reason)
      },
      // One that goes away meanwhile is asked again when it is back.
      () => {},
    )
  }
  redis.on('ready', check)
  check()
  const timer = setInterval(check, checkEveryMs)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}
