import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { QueueDepths } from './queue-depths.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const depthsOf = (most: number) => {
  const { redis, keys, logger } = context
  return new QueueDepths({ redis, keys, most, logger })
}

test('a version takes as many predictions as may wait, and more once some have ended', async () => {
  const { target, tag, redis, keys } = context
  const depths = depthsOf(2)
  expect([depths.admit(target), depths.admit(target), depths.admit(target)]).toEqual([true, true, false])
  // What it admitted was created, and one more elsewhere.
  await redis.zadd(keys.open(tag, target.version), 1, 'a', 2, 'b', 3, 'c')
  await depths.refresh()
  expect(depths.admit(target)).toBe(false)
  await redis.zrem(keys.open(tag, target.version), 'a', 'b')
  await depths.refresh()
  expect([depths.admit(target), depths.admit(target)]).toEqual([true, false])
})

test('one version that is full takes nothing from another, and without a limit nothing is asked', () => {
  const { target } = context
  const depths = depthsOf(1)
  expect(depths.admit(target)).toBe(true)
  expect(depths.admit({ ...target, version: 'cd'.repeat(32) })).toBe(true)
  const unlimited = depthsOf(0)
  expect(Array.from({ length: 5 }, () => unlimited.admit(target))).not.toContain(false)
})
