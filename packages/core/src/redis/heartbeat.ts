import type { Redis } from 'ioredis'

export interface HeartbeatOptions {
  intervalMs: number
  /** Beats without an answer after which the server counts as gone although the connection stands. */
  missedBeats: number
}

/**
 * Breaks a connection whose server has stopped answering, so that everything that waits on it fails now and not never.
 * A time-out for each command would do the same at a higher price, and would also fire when this process was merely
 * too busy to read the answers: here beats are counted and not time, and answers that came are read before judging. Any
 * byte is a sign of life: what is asked waits behind long answers.
 */
export function breakSilentConnection(redis: Redis, { intervalMs, missedBeats }: HeartbeatOptions): void {
  /** Beats since the server was last asked for a sign of life; null while none is awaited. */
  let missed: number | null = null
  let broken = false
  let bytesRead = 0
  const heard = () => {
    missed = null
  }
  const breakIfSilent = () => {
    if (missed === null || broken) return
    broken = true
    redis.disconnect(true)
  }
  redis.on('connect', () => {
    broken = false
    // The client itself asks first, and some commands are let through before it has its answer.
    missed = 0
  })
  redis.on('ready', heard)
  redis.on('close', heard)
  const hasReadMore = () => {
    const before = bytesRead
    bytesRead = redis.stream?.bytesRead ?? 0
    return bytesRead !== before
  }
  const beat = () => {
    if (broken) return
    if (hasReadMore() && missed !== null) {
      missed = 0
    } else if (missed !== null) {
      // Timers come before arrived data in a turn of the event loop, and an immediate after it.
      if (++missed >= missedBeats) setImmediate(breakIfSilent)
    } else if (redis.status === 'ready') {
      missed = 0
      redis.ping().then(heard, heard)
    }
  }
  const timer = setInterval(beat, intervalMs)
  timer.unref()
  redis.once('end', () => clearInterval(timer))
}
