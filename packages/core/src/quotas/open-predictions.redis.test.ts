import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newPredictionId, randomToken } from '../ids.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Ending } from '../predictions/prediction.js'
import { OpenPredictions } from './open-predictions.js'
import { recountOpen } from '../reconciler/recount-open.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const wanted = {
  version: testVersion,
  input: '{}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
} as const

const submit = (
  most: number,
  tenant = 'a',
  idempotency: { key: string; fingerprint: string } | null = null,
) => createPrediction({ ...context, tenant, maxOpenPredictions: most }, { ...wanted, idempotency })
const open = (tenant = 'a') => context.openPredictions.count(tenant)
const recount = () => recountOpen({ ...context, graceMs: 10_000 })

const canceled = (): Ending => ({
  status: 'canceled',
  output: null,
  error: null,
  errorCode: null,
  completedAt: context.now(),
  provenance: null,
})

test('a tenant gets exactly as many open predictions as it may have, however many it asks for at once', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => submit(10)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['quota_exceeded']))
  expect(await open()).toBe(10)
  await submit(10, 'b')
})

test('what is refused leaves nothing behind', async () => {
  await submit(1)
  await expect(submit(1)).rejects.toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 1 })
  expect(await context.index.list('a', null, 10)).toHaveLength(1)
  const { accepted } = await context.predictions.counts(context.tag, testVersion.id)
  expect(accepted).toBe(1)
})

test('the end of a prediction makes room at once, by whatever it ends', async () => {
  const { prediction } = await submit(1)
  await cancelPrediction({ ...context, tenant: 'a' }, prediction.id)
  const { prediction: second } = await submit(1)
  await finishPredictions(context, [{ prediction: second, ending: canceled() }])
  expect(await open()).toBe(0)
  await submit(1)
})

test('an end that comes too late, from who holds it no more, makes no room', async () => {
  const { prediction } = await submit(1)
  await context.predictions.claim([{ id: prediction.id, epoch: 0, token: randomToken() }], context.now())
  expect(await finishPredictions(context, [{ prediction, ending: canceled() }])).toEqual(['fenced'])
  await expect(submit(1)).rejects.toMatchObject({ code: 'quota_exceeded' })
})

test('a request that is repeated needs no second place, and one that was refused may be repeated', async () => {
  const repeated = { key: 'k', fingerprint: 'f' }
  const { prediction } = await submit(1, 'a', repeated)
  expect(await submit(1, 'a', repeated)).toMatchObject({ replayed: true, prediction: { id: prediction.id } })
  const refused = { key: 'l', fingerprint: 'f' }
  await expect(submit(1, 'a', refused)).rejects.toMatchObject({ code: 'quota_exceeded' })
  await cancelPrediction({ ...context, tenant: 'a' }, prediction.id)
  expect(await submit(1, 'a', refused)).toMatchObject({ replayed: false })
})

test('the recount gives back what a crash kept, once it is older than the grace period, and nothing else', async () => {
  const { prediction: running } = await submit(0)
  const { prediction: closed } = await submit(0)
  await finishPredictions(context, [{ prediction: closed, ending: canceled() }])
  // As if processes had died: after the end was written, and before the record was.
  const neverCreated = { tenant: 'a', id: newPredictionId(context.tag, context.now()) }
  await context.openPredictions.add(closed)
  await context.openPredictions.add(neverCreated)
  expect(await recount()).toBe(0)
  context.clock.now += 10_001
  expect(await recount()).toBe(2)
  expect(await context.redis.smembers(context.keys.tenantOpen('a'))).toEqual([running.id])
})

test('a process knows what a tenant has: by asking once, by its own additions, and by asking again', async () => {
  const { openPredictions: elsewhere } = context
  const here = new OpenPredictions(context.redis, context.keys)
  const add = (to: OpenPredictions) => to.add({ tenant: 'a', id: randomToken() })
  await add(elsewhere)
  expect(await here.recent('a')).toBe(1)
  const adding = [add(here), add(here)]
  expect(await here.recent('a')).toBe(3)
  await Promise.all(adding)
  await add(elsewhere)
  expect(await here.recent('a')).toBe(3)
  await here.refresh()
  expect(await here.recent('a')).toBe(4)
})
