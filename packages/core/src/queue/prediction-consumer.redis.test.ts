import { EventEmitter, once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { modelTag, newPredictionId } from '../ids.js'
import type { JobOutcomeOrLater } from './job-consumer.js'
import { predictionQueueName } from './jobs.js'
import { consumePredictions } from './prediction-consumer.js'

let context: TestContext
beforeAll(async () => {
  context = await createTestContext()
})
afterAll(() => context?.close())

const target = { model: 'augur/returned', version: 'a'.repeat(64) }
const tag = modelTag(target.model)

function consume(handle: () => Promise<JobOutcomeOrLater>) {
  const { redis, keys, logger } = context
  const lock = { durationMs: 30_000, stalledIntervalMs: 30_000, maxLostWorkers: 5 }
  return consumePredictions({ target, places: 1, redis, keys, lock, logger, handle })
}

test('a job that goes back to the queue wakes an idle worker', async () => {
  const events = new EventEmitter()
  const returned = once(events, 'returned')
  const consumer = consume(async () => {
    events.emit('returned')
    return 'returned'
  })
  await context.queues.add(target, [{ id: newPredictionId(tag, 1), epoch: 0, class: 'submission', turn: 1 }])
  await returned
  await consumer.close()
  const marker = `${context.keys.queuePrefix(tag)}:${predictionQueueName(target.version)}:marker`
  expect(await context.redis.zscore(marker, '0')).toBe('0')
  const done = once(events, 'done')
  const other = consume(async () => {
    events.emit('done')
    return 'done'
  })
  await done
  await other.close()
})

test('a job that is put off comes back, and keeps nobody behind it waiting', async () => {
  const queued = { model: 'augur/later', version: 'b'.repeat(64) }
  const [first, second] = [1, 2].map((turn) => ({
    id: newPredictionId(tag, turn),
    epoch: 0,
    class: 'submission' as const,
    turn,
  }))
  if (!first || !second) throw new Error('no jobs')
  await context.queues.add(queued, [first, second])
  const events = new EventEmitter()
  const done = once(events, 'done')
  const order: string[] = []
  const { redis, keys, logger } = context
  const consumer = consumePredictions({
    target: queued,
    places: 1,
    redis,
    keys,
    lock: { durationMs: 30_000, stalledIntervalMs: 30_000, maxLostWorkers: 5 },
    logger,
    async handle({ id }) {
      order.push(id)
      if (order.length === 1) return 'later'
      if (order.length === 2) expect(await context.queues.has(queued, [first])).toEqual([true])
      if (order.length === 3) events.emit('done')
      return 'done'
    },
  })
  await done
  await consumer.close()
  expect(order).toEqual([first.id, second.id, first.id])
  expect(await context.queues.has(queued, [first, second])).toEqual([false, false])
})
