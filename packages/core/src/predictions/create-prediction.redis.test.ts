import { createTestContext, testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { connectPatient } from '../redis/connection.js'
import { roleUrl } from '@augur/test-support/redis-url'
import { consumePredictions } from '../queue/prediction-consumer.js'
import { createPrediction } from './create-prediction.js'
import { PredictionStore } from './prediction-store.js'

const lock = { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 }
const wanted = {
  version: testVersion,
  input: '{}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
} as const

test('whoever finds the job finds the record, also when the server lacks the script that creates it', async () => {
  const context = await createTestContext()
  const redis = connectPatient({ url: roleUrl('product'), name: context.prefix, logger: context.logger })
  const worker = new PredictionStore(redis, context.keys, context.recordRetentionMs)
  const claims: { id: string; kind: string | undefined }[] = []
  const consumer = consumePredictions({
    ...context,
    redis,
    lock,
    places: 8,
    async handle(job) {
      if (job.kind !== 'prediction') throw new Error('only predictions are queued here')
      const [outcome] = await worker.claim([{ ...job, token: randomToken() }], context.now())
      claims.push({ id: job.id, kind: outcome?.kind })
      return 'done'
    },
  })
  const claimOf = async (id: string) => {
    for (;;) {
      const found = claims.find((claim) => claim.id === id)
      if (found) return found.kind
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  for (let i = 0; i < 20; i++) {
    await context.redis.script('FLUSH')
    // Teaches the server again what the queue and the claim need.
    await context.queues.add(context.target, [{ id: `other-${i}`, epoch: 0, class: 'submission', turn: 1 }])
    expect(await claimOf(`other-${i}`)).toBe('missing')

    const { prediction } = await createPrediction(context, wanted)
    expect(await claimOf(prediction.id)).toBe('claimed')
  }
  await consumer.close()
  redis.disconnect()
  await context.close()
})

const otherVersion = { ...testVersion, id: 'cd'.repeat(32) }
const otherTarget = { model: otherVersion.model, version: otherVersion.id }
const idempotency = { key: 'k', fingerprint: 'f' }

test('who takes a creation over queues what its record says, whatever version would be chosen now', async () => {
  const context = await createTestContext()
  const { prediction } = await createPrediction(context, wanted)
  const job = { id: prediction.id, epoch: 0 }
  // As if who created it had died before it could say so, and the queue had lost it.
  await context.idempotency.begin({ tenant: 'default', ...idempotency }, prediction.id, context.now())
  await context.queues.remove(context.target, [job])
  context.clock.now += 10_001
  const again = await createPrediction(context, { ...wanted, version: otherVersion, idempotency })
  expect(again.prediction).toEqual(prediction)
  expect(await context.queues.has(context.target, [job])).toEqual([true])
  expect(await context.queues.has(otherTarget, [job])).toEqual([false])
  expect(await context.openPredictions.countOf({ ...prediction, version: otherVersion.id })).toBe(0)
  await context.close()
})

test('a creator that was slow leaves what it finds as it is, and its own job is void', async () => {
  const context = await createTestContext()
  const { turns } = context
  const created: string[] = []
  const slow = {
    ...context,
    turns: {
      async next(...args: Parameters<typeof turns.next>) {
        if (created.length === 0) {
          context.clock.now += 10_001
          const first = await createPrediction(context, { ...wanted, idempotency })
          created.push(first.prediction.id)
        }
        return turns.next(...args)
      },
    },
  }
  const { prediction } = await createPrediction(slow, { ...wanted, version: otherVersion, idempotency })
  expect(created).toEqual([prediction.id])
  expect(prediction.version).toBe(testVersion.id)
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  expect(await context.predictions.claim(claims, context.now(), otherVersion.id)).toEqual([{ kind: 'stale' }])
  const [claimed] = await context.predictions.claim(claims, context.now(), testVersion.id)
  expect(claimed).toMatchObject({ kind: 'claimed' })
  await context.close()
})

test('a prediction is claimed as one of its own version only, whatever its metadata say', async () => {
  const context = await createTestContext()
  const metadata = { version: otherVersion.id, '"version":"': otherVersion.id }
  const { prediction } = await createPrediction(
    { ...context, tenant: `"version":"${otherVersion.id}"` },
    {
      ...wanted,
      metadata,
    },
  )
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  expect(await context.predictions.claim(claims, context.now(), otherVersion.id)).toEqual([{ kind: 'stale' }])
  const [claimed] = await context.predictions.claim(claims, context.now(), testVersion.id)
  expect(claimed).toMatchObject({ kind: 'claimed' })
  await context.close()
})
