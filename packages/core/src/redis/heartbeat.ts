import type { Redis } from 'ioredis'

export interface HeartbeatOptions {
  intervalMs: number
  /** Beats without an answer after which the server counts as gone although the connection stands. */
  missedBeats: number
}

/**
 * Breaks a connection whose server has stopped answering, so that everything that waits on it fails now and not never.
 * A time-out for each command would do the same at a higher price, and would also fire when this process was merely
 * too busy to read the answers: here beats are counted and not time, and answers that came are read before judging.
 */
export function breakSilentConnection(redis: Redis, { intervalMs, missedBeats }: HeartbeatOptions): void {
  let missed: number | null = null
  let broken = false
  const heard = () => {
    missed = null
  }
  const breakIfSilent = () => {
    if (missed === null || broken) return
    broken = true
    redis.disconnect(true)
  }
  redis.on('close', () => {
    broken = false
    missed = null
  })
  const beat = () => {
    if (redis.status !== 'ready' || broken) return
    if (missed === null) {
      missed = 0
      redis.ping().then(heard, heard)
    } else if (++missed >= missedBeats) {
      // Timers come before arrived data in a turn of the event loop, and an immediate after it.
      setImmediate(breakIfSilent)
    }
  }
  const timer = setInterval(beat, intervalMs)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}
