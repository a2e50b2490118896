import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { createGuardedAgent } from '../outbound/guarded-agent.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Ending, Prediction } from '../predictions/prediction.js'
import { createMetrics } from '../telemetry/metrics.js'
import { deliverWebhook } from './deliver-webhook.js'
import { Receivers } from './receivers.js'
import { redeliver } from './redeliver.js'

const inlineBytes = 2048
const large = JSON.stringify('a'.repeat(5000))

let context: TestContext
beforeEach(async () => {
  context = await createTestContext({ inlineBytes })
})
afterEach(() => context.close())

async function running(webhook: string): Promise<Prediction> {
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    input: '{"x":[1]}',
    class: 'submission',
    form: 'pipeline',
    webhook,
    webhookEvents: ['output', 'completed'],
    idempotency: null,
  })
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  const [outcome] = await context.predictions.claim(claims, context.clock.now)
  if (outcome?.kind !== 'claimed') throw new Error('the prediction must be claimed')
  return outcome.prediction
}

async function succeed(prediction: Prediction, json: string) {
  const ending: Ending = {
    status: 'succeeded',
    output: await context.payloads.keep(prediction.id, 'output', json, 1),
    error: null,
    errorCode: null,
    completedAt: context.clock.now,
    provenance: null,
  }
  return finishPredictions(context, [{ prediction, ending }])
}

const bodiesKept = async () => {
  const kept: string[] = []
  for await (const { key } of context.payloadStore.list()) if (key.includes('.body.')) kept.push(key)
  return kept
}

async function deliver(id: string) {
  const agent = createGuardedAgent({ mode: 'development', allow: [] })
  const outcome = await deliverWebhook(
    {
      ...context,
      deliveries: context.deliveryStore,
      receivers: new Receivers({ slots: 4, perReceiver: 4, pauseMs: 1000, now: context.now }),
      agent,
      secretsOf: async () => [`whsec_${Buffer.alloc(32).toString('base64')}`],
      onGone: async () => {},
      retryDelaysMs: [1000],
      metrics: createMetrics(),
      log: { warn: () => {} },
    },
    id,
    0,
  )
  await agent.close()
  return outcome
}

test('a large body is kept outside Redis until it is delivered, and arrives as it was when the event happened', async () => {
  const receiver = await startWebhookReceiver()
  const prediction = await running(receiver.url)
  await succeed(prediction, large)
  const id = `${prediction.id}.completed`
  expect(await context.redis.hmget(context.keys.delivery(context.tag, id), 'body')).toEqual([null])
  expect(await bodiesKept()).toHaveLength(2)
  await context.predictions.removeData(context.tag, [prediction.id])
  expect(await deliver(`${prediction.id}.output`)).toEqual({ kind: 'ended' })
  expect(await deliver(id)).toEqual({ kind: 'ended' })
  const [, { body } = { body: '' }] = receiver.received
  expect(JSON.parse(body)).toMatchObject({
    status: 'succeeded',
    data_removed: false,
    output: 'a'.repeat(5000),
  })
  expect(await bodiesKept()).toEqual([])
  await receiver.close()
})

test('a small body is kept with its delivery', async () => {
  const prediction = await running('http://127.0.0.1:9/')
  await succeed(prediction, '1')
  const kept = await context.deliveryStore.read(`${prediction.id}.completed`)
  expect(JSON.parse(kept?.delivery.body ?? '')).toMatchObject({ output: 1 })
  expect(await bodiesKept()).toEqual([])
})

test('whoever lost its claim leaves no body behind', async () => {
  const prediction = await running('http://127.0.0.1:9/')
  expect(await succeed({ ...prediction, token: 'stale' }, large)).toEqual(['fenced'])
  expect(await bodiesKept()).toEqual([])
})

test('a large body that was delivered is written anew to be delivered once more', async () => {
  const receiver = await startWebhookReceiver()
  const prediction = await running(receiver.url)
  await succeed(prediction, large)
  const id = `${prediction.id}.completed`
  await deliver(`${prediction.id}.output`)
  await deliver(id)
  await redeliver(context, id)
  expect(await bodiesKept()).toHaveLength(1)
  await deliver(id)
  expect(receiver.received.map(({ body }) => JSON.parse(body).output?.length)).toEqual([5000, 5000, 5000])
  await receiver.close()
})
