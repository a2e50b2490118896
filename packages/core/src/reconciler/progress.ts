import type { Redis } from 'ioredis'

/** One stretch of an index by time: after `afterMs`, up to `untilMs`. */
export interface Stretch {
  name: string
  afterMs: number
  untilMs: number
}

/**
 * Remembers how far an index has been looked through, so that each cycle costs a page and not the whole backlog:
 * `fresh` moves on with time and sees each entry once, `round` goes over all of them again and again.
 */
export class Progress {
  constructor(
    private readonly redis: Redis,
    private readonly key: string,
  ) {}

  async stretches(index: string, untilMs: number): Promise<Stretch[]> {
    const names = [`${index}:fresh`, `${index}:round`]
    const [fresh, round] = await this.redis.hmget(this.key, ...names)
    return [
      { name: names[0] ?? '', afterMs: Number(fresh ?? 0), untilMs },
      { name: names[1] ?? '', afterMs: Number(round ?? 0), untilMs },
    ]
  }

  /** `lastMs` is where a full page ended; null when the stretch was read to its end. */
  async advance({ name, untilMs }: Stretch, lastMs: number | null): Promise<void> {
    const restart = name.endsWith(':round') ? 0 : untilMs
    await this.redis.hset(this.key, name, lastMs ?? restart)
  }
}
