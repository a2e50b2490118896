import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { IdempotencyKeys } from '../idempotency.js'
import { newPredictionId, randomToken } from '../ids.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { getPrediction } from '../predictions/get-prediction.js'
import type { Ending } from '../predictions/prediction.js'
import { recountOpen } from '../reconciler/recount-open.js'
import { reservePrediction } from './reserve-prediction.js'

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
const submitWith = (keyId: string, most: number) =>
  createPrediction({ ...context, tenant: 'a', keyId, maxOpenOfKey: most }, wanted)
const open = (tenant = 'a') => context.openPredictions.count(tenant)
const recount = () => recountOpen({ ...context, graceMs: 10_000 }, [context.target])
const places = () => context.redis.zrange(context.keys.tenantOpen('a'), '0', '-1')

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

test('who takes over a creation that was finished, and whose prediction has ended, leaves no place behind', async () => {
  const repeated = { key: 'k', fingerprint: 'f' }
  class Forgetful extends IdempotencyKeys {
    override async created(): Promise<void> {
      throw new Error('not told')
    }
  }
  const idempotency = new Forgetful(context.redis, context.keys)
  const first = { ...context, tenant: 'a', maxOpenPredictions: 1, idempotency }
  await expect(createPrediction(first, { ...wanted, idempotency: repeated })).rejects.toThrow('not told')
  const [id = ''] = await context.index.list('a', null, 1)
  const prediction = await getPrediction({ ...context, tenant: 'a' }, id)
  await finishPredictions(context, [{ prediction, ending: canceled() }])
  expect(await submit(1, 'a', repeated)).toMatchObject({
    prediction: { id: prediction.id, status: 'canceled' },
  })
  expect(await open()).toBe(0)
})

test('a key with a limit gets as many as that, and other keys of its tenant their own', async () => {
  const [one, other] = ['k3v9x1c4q8zt', '0a1b2c3d4e5f']
  const { prediction } = await submitWith(one, 1)
  await expect(submitWith(one, 1)).rejects.toMatchObject({ code: 'quota_exceeded' })
  await submitWith(other, 1)
  await expect(submitWith(other, 1)).rejects.toThrow('this key')
  await submitWith(other, 0)
  expect(await open()).toBe(3)
  await finishPredictions(context, [{ prediction, ending: canceled() }])
  await submitWith(one, 1)
})

test('the end of predictions that could not be written takes no place from them', async () => {
  const key = 'k3v9x1c4q8zt'
  const { prediction } = await submitWith(key, 1)
  const failing = Object.assign(Object.create(context.predictions), {
    finish: () => Promise.reject(new Error('OOM')),
  })
  const finish = finishPredictions({ ...context, predictions: failing }, [{ prediction, ending: canceled() }])
  await expect(finish).rejects.toThrow('OOM')
  expect(await open()).toBe(1)
  await expect(submitWith(key, 1)).rejects.toMatchObject({ code: 'quota_exceeded' })
})

test('the recount gives back what a crash kept, once it is older than the grace period, and nothing else', async () => {
  const { prediction: running } = await submit(0)
  const { prediction: closed } = await submitWith('k3v9x1c4q8zt', 1)
  await finishPredictions(context, [{ prediction: closed, ending: canceled() }])
  // As if processes had died: after the end was written, and before the record was.
  const id = newPredictionId(context.tag, context.now())
  await context.openPredictions.restore([closed], [closed])
  await context.openPredictions.add([{ ...running, id }])
  expect(await recount()).toEqual({ removed: 0, added: 0 })
  context.clock.now += 10_001
  expect(await recount()).toEqual({ removed: 2, added: 0 })
  expect(await places()).toEqual([running.id])
  await submitWith('k3v9x1c4q8zt', 1)
})

test('the recount gives a place to what lost it', async () => {
  const { prediction } = await submit(0)
  await context.openPredictions.remove([prediction])
  context.clock.now += 10_001
  expect(await recount()).toEqual({ removed: 0, added: 1 })
  expect(await places()).toEqual([prediction.id])
  expect(await recount()).toEqual({ removed: 0, added: 0 })
})

test('a place that was reserved for nothing is found, also of a tenant that never had a prediction', async () => {
  const id = newPredictionId(context.tag, context.now())
  const owned = { id, tenant: 'new', version: testVersion.id, class: 'submission', keyId: null } as const
  await reservePrediction({ ...context, maxOpenPredictions: 5 }, owned)
  expect(await open('new')).toBe(1)
  context.clock.now += 10_001
  expect(await recount()).toEqual({ removed: 1, added: 0 })
})

test('places are counted by queue and class', async () => {
  await submit(0)
  await submit(0)
  const flow = { tenant: 'a', version: testVersion.id, class: 'submission' } as const
  expect(await context.openPredictions.countOf(flow)).toBe(2)
  expect(await context.openPredictions.countOf({ ...flow, class: 'waiting' })).toBe(0)
  expect(await context.openPredictions.countOf({ ...flow, version: 'cd'.repeat(32) })).toBe(0)
})
