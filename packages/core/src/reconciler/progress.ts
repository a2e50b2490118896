import type { Redis } from 'ioredis'

export const pageSize = 1000
/** Pages a cycle: `fresh` has to keep up with what is created, `round` is for what slipped by. */
const maxPages = { fresh: 50, round: 5 }

/** Looks at the entries after `afterMs` up to `untilMs`, at most a page, and says at which times they stand. */
export type LookAtPage = (afterMs: number, untilMs: number) => Promise<number[]>

/**
 * Remembers how far an index by time has been looked through, so that a cycle costs a few pages and not the whole
 * backlog: `fresh` moves on with time and sees each entry once, `round` goes over all of them again and again.
 */
export class Progress {
  constructor(
    private readonly redis: Redis,
    private readonly key: string,
  ) {}

  async walk(index: string, untilMs: number, look: LookAtPage): Promise<void> {
    await this.walkOnce(`${index}:fresh`, untilMs, untilMs, maxPages.fresh, look)
    await this.walkOnce(`${index}:round`, untilMs, 0, maxPages.round, look)
  }

  private async walkOnce(name: string, untilMs: number, atEnd: number, pages: number, look: LookAtPage) {
    let afterMs = Number((await this.redis.hget(this.key, name)) ?? 0)
    for (let page = 0; page < pages; page++) {
      const times = await look(afterMs, untilMs)
      const isLast = times.length < pageSize
      afterMs = isLast ? atEnd : afterPage(times)
      await this.redis.hset(this.key, name, afterMs)
      if (isLast) return
    }
  }
}

/** Where the page after a full one begins: with the last millisecond once more, whose entries may go on there. */
export function afterPage(times: readonly number[]): number {
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  return last > first ? last - 1 : last
}
