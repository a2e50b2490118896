import { roleUrl } from '@augur/test-support/redis-url'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectPatient } from '../redis/connection.js'
import type { JobConsumer } from './job-consumer.js'
import { consumePredictions } from './prediction-consumer.js'
import type { QueueTarget } from './version-queues.js'

const lock = { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 }

let context: TestContext
let redis: Redis
let consumers: JobConsumer[]
let taken: string[]
beforeEach(async () => {
  context = await createTestContext()
  redis = connectPatient({ url: roleUrl('product'), name: context.prefix, logger: context.logger })
  consumers = []
  taken = []
})
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()))
  redis.disconnect()
  await context.close()
})

function consume(target: QueueTarget): void {
  const handle = async (job: { id?: string }) => {
    taken.push(job.id ?? '')
    return 'done' as const
  }
  consumers.push(consumePredictions({ ...context, redis, lock, target, places: 8, handle }))
}

const add = (target: QueueTarget, id: string) =>
  context.queues.add(target, [{ id, epoch: 0, class: 'submission', turn: 1 }])

test('workers take nothing from a paused queue, whenever they came, and everything once it is resumed', async () => {
  const paused = context.target
  const other = { model: paused.model, version: 'ef'.repeat(32) }
  await context.queues.pause(paused)
  await add(paused, 'before')
  consume(paused)
  consume(other)
  await add(paused, 'after')
  // What another queue gets later is taken meanwhile.
  for (let i = 0; i < 5; i++) {
    await add(other, `other-${i}`)
    await expect.poll(() => taken).toContain(`other-${i}`)
  }
  expect(taken).not.toContain('before')
  expect(taken).not.toContain('after')
  const jobs = ['before', 'after'].map((id) => ({ id, epoch: 0 }))
  expect(await context.queues.has(paused, jobs)).toEqual([true, true])
  await context.queues.resume(paused)
  await expect.poll(() => taken).toEqual(expect.arrayContaining(['before', 'after']))
})
