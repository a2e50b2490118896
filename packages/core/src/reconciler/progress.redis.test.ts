import { createTestContext } from '@augur/test-support/test-context'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scored } from '../redis/scored.js'
import { afterPage, pageSize, Progress } from './progress.js'

test('every entry is looked at, also those of one millisecond that stand on two pages', async () => {
  const context = await createTestContext()
  const key = `${context.prefix}:index`
  const entries = Array.from({ length: 2500 }, (_, i) => [1000 + Math.floor(i / 7), `entry-${i}`] as const)
  await context.redis.zadd(key, ...entries.flat())
  const seen = new Set<string>()
  await new Progress(context.redis, `${context.prefix}:progress`).walk(
    'index',
    10_000,
    async (afterMs, untilMs) => {
      const reply = await context.redis.zrangebyscore(
        key,
        `(${afterMs}`,
        untilMs,
        'WITHSCORES',
        'LIMIT',
        0,
        pageSize,
      )
      const page = scored(reply)
      for (const [entry] of page) seen.add(entry)
      return page.map(([, timeMs]) => timeMs)
    },
  )
  expect(seen.size).toBe(entries.length)
  await context.close()
})

test('a page always moves on, and never past entries of its last millisecond unless it holds nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 1 }), (times) => {
      const sorted = times.toSorted((a, b) => a - b)
      const [first = 0, last = 0] = [sorted[0], sorted.at(-1)]
      expect(afterPage(sorted)).toBe(first === last ? last : last - 1)
    }),
  )
})
