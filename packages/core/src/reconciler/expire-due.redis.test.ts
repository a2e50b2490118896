import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { createPrediction, type NewPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import type { Ending, Prediction } from '../predictions/prediction.js'
import { deliveryId } from '../webhooks/delivery.js'
import { expireDue } from './expire-due.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const wanted: NewPrediction = {
  version: testVersion,
  input: '{"x":[1,2,3]}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
}

async function create(terms: Partial<NewPrediction>): Promise<string> {
  return (await createPrediction(context, { ...wanted, ...terms })).prediction.id
}

async function read(id: string): Promise<Prediction> {
  const prediction = await context.predictions.read(id)
  if (!prediction) throw new Error('the prediction must exist')
  return prediction
}

async function claim(id: string) {
  const [outcome] = await context.predictions.claim([{ id, epoch: 0, token: randomToken() }], context.now())
  return outcome
}

const success = (): Ending => ({
  status: 'succeeded',
  output: { kind: 'inline', json: '1' },
  error: null,
  errorCode: null,
  completedAt: context.now(),
  provenance: null,
})

const dueCount = () => context.redis.zcard(context.keys.due(context.tag))

test('a prediction that nobody began by its time is canceled as expired, and leaves every index', async () => {
  const id = await create({ expiresAt: context.now() + 1000 })
  context.clock.now += 999
  expect(await expireDue(context)).toBe(0)
  context.clock.now++
  expect(await expireDue(context)).toBe(1)
  expect(await read(id)).toMatchObject({
    status: 'canceled',
    errorCode: 'expired',
    completedAt: context.now(),
  })
  expect(await context.predictions.counts(context.tag, testVersion.id)).toMatchObject({
    canceled: 1,
    open: 0,
  })
  expect(await context.queues.has(context.target, [{ id, epoch: 0 }])).toEqual([false])
  expect(await context.openPredictions.count('default')).toBe(0)
  expect(await dueCount()).toBe(0)
})

test('the end of an expired prediction is told to its webhook', async () => {
  const webhook = { webhook: 'http://127.0.0.1:9/hook', webhookEvents: ['completed'] as const }
  const id = await create({ expiresAt: context.now() + 1000, ...webhook })
  context.clock.now += 1000
  await expireDue(context)
  const outbox = await context.redis.zrange(context.keys.outbox(context.tag), '0', '-1')
  expect(outbox).toHaveLength(1)
  const body = await context.redis.hget(context.keys.delivery(context.tag, outbox[0] ?? ''), 'body')
  expect(JSON.parse(body ?? '')).toMatchObject({ id, status: 'canceled', error_code: 'expired' })
})

test('no worker begins a prediction whose time is up, even before anybody has ended it', async () => {
  const id = await create({ expiresAt: context.now() + 1000 })
  context.clock.now += 1000
  expect(await claim(id)).toEqual({ kind: 'expired' })
  expect(await read(id)).toMatchObject({ status: 'starting', attempt: 0 })
  expect(await expireDue(context)).toBe(1)
})

test('what began in time runs on, and may be begun again after a worker was lost', async () => {
  const id = await create({ expiresAt: context.now() + 1000 })
  expect(await claim(id)).toMatchObject({ kind: 'claimed' })
  context.clock.now += 1000
  expect(await expireDue(context)).toBe(0)
  expect(await dueCount()).toBe(0)
  expect(await claim(id)).toMatchObject({ kind: 'claimed' })
})

test('a deadline ends what runs, and a late result of it is discarded', async () => {
  const id = await create({ expiresAt: context.now() + 1000, deadlineAt: context.now() + 5000 })
  const claimed = await claim(id)
  if (claimed?.kind !== 'claimed') throw new Error('not claimed')
  context.clock.now += 1000
  expect(await expireDue(context)).toBe(0)
  context.clock.now += 4000
  expect(await expireDue(context)).toBe(1)
  expect(await read(id)).toMatchObject({ status: 'canceled', errorCode: 'expired' })
  const finish = { prediction: claimed.prediction, ending: success() }
  expect(await finishPredictions(context, [finish])).toEqual(['ended'])
})

test('predictions without a time cost the index nothing, and ended ones leave it with their end', async () => {
  await create({})
  expect(await dueCount()).toBe(0)
  const id = await create({ deadlineAt: context.now() + 1000 })
  expect(await dueCount()).toBe(1)
  await cancelPrediction(context, id)
  expect(await dueCount()).toBe(0)
  context.clock.now += 1000
  expect(await expireDue(context)).toBe(0)
  expect(await read(id)).toMatchObject({ errorCode: null })
})

test('the end of one prediction leaves those beside it in the index, and what has no record leaves it in time', async () => {
  const deadlineAt = context.now() + 1000
  const [first, second] = [await create({ deadlineAt }), await create({ deadlineAt })]
  await create({})
  await cancelPrediction(context, first)
  expect(await context.redis.zrange(context.keys.due(context.tag), 0, '-1')).toEqual([second])
  await context.redis.del(context.keys.record(second))
  context.clock.now += 1000
  expect(await expireDue(context)).toBe(0)
  expect(await dueCount()).toBe(0)
})

test('several processes that expire at once end each prediction once', async () => {
  const webhook = { webhook: 'http://127.0.0.1:9/hook', webhookEvents: ['completed'] as const }
  await Promise.all(
    Array.from({ length: 250 }, (_, i) => create({ expiresAt: context.now() + 1 + i, ...webhook })),
  )
  context.clock.now += 1000
  const ended = await Promise.all([expireDue(context), expireDue(context), expireDue(context)])
  expect(ended.reduce((sum, each) => sum + each, 0)).toBe(250)
  expect(await context.predictions.counts(context.tag, testVersion.id)).toMatchObject({
    canceled: 250,
    open: 0,
  })
  expect(await context.redis.zcard(context.keys.outbox(context.tag))).toBe(250)
})

test('ends, cancels and expiries at the same moment give each prediction one outcome, told of once', async () => {
  const webhook = { webhook: 'http://127.0.0.1:9/hook', webhookEvents: ['completed'] as const }
  const ids = await Promise.all(
    Array.from({ length: 120 }, () => create({ deadlineAt: context.now() + 1000, ...webhook })),
  )
  const claims = await Promise.all(ids.filter((_, i) => i % 2 === 0).map((id) => claim(id)))
  context.clock.now += 1000
  const running = claims.flatMap((each) => (each?.kind === 'claimed' ? [each.prediction] : []))
  await Promise.all([
    expireDue(context),
    ...running.map((prediction) => finishPredictions(context, [{ prediction, ending: success() }])),
    ...ids.filter((_, i) => i % 3 === 0).map((id) => cancelPrediction(context, id)),
    expireDue(context),
  ])
  const ended = await Promise.all(ids.map(read))
  const tally = { succeeded: 0, canceled: 0 }
  for (const { status } of ended) if (status === 'succeeded' || status === 'canceled') tally[status]++
  expect(tally.succeeded + tally.canceled).toBe(ids.length)
  const counts = await context.predictions.counts(context.tag, testVersion.id)
  expect(counts).toMatchObject({ accepted: ids.length, open: 0, failed: 0, ...tally })
  const told = await Promise.all(
    ended.map(async ({ id }) => {
      const delivery = context.keys.delivery(context.tag, deliveryId(id, 'completed'))
      return JSON.parse((await context.redis.hget(delivery, 'body')) ?? '{}').status
    }),
  )
  expect(told).toEqual(ended.map(({ status }) => status))
  await expireDue(context)
  expect(await dueCount()).toBe(0)
})

test('the terms of a prediction read back as they were given', async () => {
  const terms = {
    expiresAt: context.now() + 1000,
    deadlineAt: context.now() + 2000,
    timeoutMs: 500,
    metadata: { 'run of': 'monday' },
  }
  const id = await create(terms)
  expect(await read(id)).toMatchObject({ ...terms, retriedFrom: null, keyId: null })
})
