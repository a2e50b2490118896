import type { Redis } from 'ioredis'

export interface HeartbeatOptions {
  intervalMs: number
  /** Silence after which the server counts as gone although the connection stands. */
  silenceMs: number
}

/**
 * Breaks a connection whose server has stopped answering, so that everything that waits on it fails now and not never.
 * A time-out for each command would do the same at a higher price, and would also fire when this process was merely
 * too busy to read the answers: here they are read before the server is judged.
 */
export function breakSilentConnection(redis: Redis, { intervalMs, silenceMs }: HeartbeatOptions): void {
  let askedAt: number | null = null
  let broken = false
  const heard = () => {
    askedAt = null
  }
  const breakIfSilent = () => {
    if (askedAt === null || broken) return
    broken = true
    redis.disconnect(true)
  }
  redis.on('close', () => {
    broken = false
    askedAt = null
  })
  const beat = () => {
    if (redis.status !== 'ready' || broken) return
    if (askedAt === null) {
      askedAt = performance.now()
      redis.ping().then(heard, heard)
    } else if (performance.now() - askedAt > silenceMs) {
      // Timers come before arrived data in a turn of the event loop, and an immediate after it.
      setImmediate(breakIfSilent)
    }
  }
  const timer = setInterval(beat, intervalMs)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}
