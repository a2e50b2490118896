import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { QueueStates } from './queue-states.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

test('a queue that was paused by anybody is known to be, and to go on once it was resumed', async () => {
  const states = new QueueStates(context)
  expect((await states.of(context.target)).isPaused).toBe(false)
  await context.queues.pause(context.target)
  await states.refresh()
  expect((await states.of(context.target)).isPaused).toBe(true)
  expect((await new QueueStates(context).of(context.target)).isPaused).toBe(true)
  await context.queues.resume(context.target)
  await states.refresh()
  expect((await states.of(context.target)).isPaused).toBe(false)
})

test('the rate is unknown until something was run, and canceled predictions do not count for it', async () => {
  const states = new QueueStates(context)
  const counts = context.keys.counts(context.tag, testVersion.id)
  await context.redis.hset(counts, 'succeeded', 1000, 'failed', 10)
  expect((await states.of(context.target)).ranPerSecond).toBeNull()
  await context.redis.hincrby(counts, 'canceled', 50)
  await states.refresh()
  expect((await states.of(context.target)).ranPerSecond).toBeNull()
  await context.redis.hincrby(counts, 'failed', 1)
  await states.refresh()
  expect((await states.of(context.target)).ranPerSecond).toBeGreaterThan(0)
})

test('a queue that nobody asks about is not asked about for ever', async () => {
  const asked: string[] = []
  const states = new QueueStates({
    ...context,
    predictions: {
      ran: async (_, version) => {
        asked.push(version)
        return 0
      },
    },
  })
  await states.of(context.target)
  for (let i = 0; i < 100; i++) await states.refresh()
  expect(asked.length).toBeLessThan(65)
})
