import { createTestContext, testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { connectPatient } from '../redis/connection.js'
import { redisUrl } from '@augur/test-support/redis-url'
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
  const redis = connectPatient({ url: redisUrl(), name: context.prefix, logger: context.logger })
  const worker = new PredictionStore(redis, context.keys, context.recordRetentionMs)
  const claims: { id: string; kind: string | undefined }[] = []
  const consumer = consumePredictions({
    ...context,
    redis,
    lock,
    concurrency: 8,
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
