import { readdir } from 'node:fs/promises'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { deliveryId } from '../webhooks/delivery.js'
import { createPrediction } from './create-prediction.js'
import { deletePrediction } from './delete-prediction.js'
import { finishPredictions } from './finish-predictions.js'
import { listPredictions } from './list-predictions.js'
import type { Prediction } from './prediction.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext({ inlineBytes: 16 })
})
afterEach(() => context.close())

const marker = 'a text that nothing else holds'
const wanted = {
  version: testVersion,
  input: JSON.stringify({ x: marker }),
  class: 'submission',
  form: 'pipeline',
  webhook: 'http://127.0.0.1:9/hook',
  webhookEvents: ['start', 'completed'],
  idempotency: null,
} as const

async function claimed(): Promise<Prediction> {
  const deadlineAt = context.now() + 60_000
  const { prediction } = await createPrediction(context, { ...wanted, deadlineAt })
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  const [outcome] = await context.predictions.claim(claims, context.now())
  if (outcome?.kind !== 'claimed') throw new Error('it must be claimed')
  // A worker would take it out of the queue when it is done.
  await context.queues.remove(context.target, [prediction])
  return outcome.prediction
}

async function succeed(prediction: Prediction): Promise<void> {
  const output = await context.payloads.keep(prediction.id, 'output', JSON.stringify({ y: marker }))
  const ending = { status: 'succeeded', output, error: null, errorCode: null } as const
  const facts = { completedAt: context.now(), provenance: null }
  await finishPredictions(context, [{ prediction, ending: { ...ending, ...facts } }])
}

const storedFiles = async () =>
  (await readdir(context.folder, { recursive: true })).filter((path) => path.endsWith('.json'))

/** Keys that name the prediction, but for the queue of deliveries, which forgets by itself. */
async function keysOf(id: string): Promise<string[]> {
  const keys = await context.redis.keys(`${context.prefix}:*${id}*`)
  return keys.filter((key) => !key.startsWith(context.keys.deliveryQueuePrefix))
}

test('of a prediction that is deleted nothing is left: no record, no data, no entry of a list, no delivery', async () => {
  const prediction = await claimed()
  await succeed(prediction)
  const { id } = prediction
  // Input, output, and what its webhook is to be told.
  expect(await storedFiles()).toHaveLength(3)
  await deletePrediction(context, id)
  expect(await storedFiles()).toEqual([])
  expect(await keysOf(id)).toEqual([])
  expect((await listPredictions(context, { before: null, limit: 10 })).predictions).toEqual([])
  expect(await context.predictions.retainedUntil(context.tag, Infinity, 10)).toEqual([])
  expect(await context.predictions.dueUntil(context.tag, Infinity, 10)).toEqual([])
  expect(await context.deliveryStore.pendingBetween(context.tag, 0, Infinity, 10)).toEqual([])
  // What was accepted and how it ended is still counted.
  const counts = await context.predictions.counts(context.tag, testVersion.id)
  expect(counts).toMatchObject({ accepted: 1, succeeded: 1, open: 0 })
  await expect(deletePrediction(context, id)).rejects.toMatchObject({ code: 'not_found' })
})

test('an open prediction is canceled before it is deleted, and its run ends nothing', async () => {
  const prediction = await claimed()
  await deletePrediction(context, prediction.id)
  await succeed(prediction)
  expect(await context.predictions.read(prediction.id)).toBeNull()
  expect(await keysOf(prediction.id)).toEqual([])
  const counts = await context.predictions.counts(context.tag, testVersion.id)
  expect(counts).toMatchObject({ accepted: 1, canceled: 1, succeeded: 0, open: 0 })
})

test('an attempt that ends after its delivery was deleted leaves nothing behind', async () => {
  const prediction = await claimed()
  await succeed(prediction)
  await deletePrediction(context, prediction.id)
  const delivery = deliveryId(prediction.id, 'completed')
  const attempt = {
    at: 1,
    outcome: 'failed',
    status: null,
    reason: 'timeout',
    durationMs: 1,
    answer: '',
  } as const
  await context.deliveryStore.recordAttempt(delivery, attempt, 2)
  await context.deliveryStore.end(delivery, 'exhausted', attempt)
  expect(await keysOf(prediction.id)).toEqual([])
  expect(await context.deliveryStore.read(delivery)).toBeNull()
})
