import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPrediction } from '../predictions/create-prediction.js'
import type { PredictionClass } from '../predictions/prediction.js'
import { predictionQueueName } from '../queue/jobs.js'
import { moveAged } from './move-aged.js'
import type { ReconcileContext } from './reconcile-model.js'

const ageingMs = 60_000

let context: TestContext
let reconciler: ReconcileContext
beforeEach(async () => {
  context = await createTestContext()
  const limits = { dataRetentionMs: 1000, graceMs: 0, ageingMs, memoryUse: async () => 0 }
  reconciler = { ...context, ...limits, worker: 'w' }
})
afterEach(() => context.close())

/** Creates a prediction that has this turn. */
async function create(turn: number, predictionClass: PredictionClass = 'submission'): Promise<string> {
  const { prediction } = await createPrediction(
    { ...context, turns: { next: async () => turn } },
    {
      version: testVersion,
      input: '{}',
      class: predictionClass,
      form: 'pipeline',
      webhook: null,
      webhookEvents: [],
      idempotency: null,
    },
  )
  return prediction.id
}

const move = () => moveAged(reconciler, context.target)

async function order(): Promise<string[]> {
  const queue = `${context.keys.queuePrefix(context.tag)}:${predictionQueueName(testVersion.id)}`
  const jobs = await context.redis.zrange(`${queue}:prioritized`, '0', '-1')
  return jobs.map((jobId) => jobId.replace(/\.\d+$/, ''))
}

test('what has waited for too long goes to the front of its class, the oldest first, and not before', async () => {
  const waiting = await create(5, 'waiting')
  const first = await create(900)
  context.clock.now++
  const second = await create(800)
  context.clock.now += ageingMs
  const fresh = await create(10)
  context.clock.now -= 2
  expect(await move()).toBe(0)
  expect(await order()).toEqual([waiting, fresh, second, first])
  context.clock.now += 3
  expect(await move()).toBe(2)
  expect(await order()).toEqual([waiting, first, second, fresh])
  expect(await move()).toBe(0)
})

test('so many at a time go ahead, so that others are held up only a little', async () => {
  for (let i = 0; i < 30; i++) await create(100 + i)
  context.clock.now += ageingMs + 1
  const fresh = await create(1)
  expect(await move()).toBe(16)
  expect(await move()).toBe(0)
  expect((await order()).indexOf(fresh)).toBeLessThanOrEqual(16)
  const taken = (await order()).slice(0, 10)
  await Promise.all(taken.map((id) => context.queues.remove(context.target, id, 0)))
  expect(await move()).toBe(10)
})

test('what runs stays where it is', async () => {
  const id = await create(100)
  await context.queues.remove(context.target, id, 0)
  await create(1)
  context.clock.now += ageingMs + 1
  expect(await move()).toBe(0)
})
