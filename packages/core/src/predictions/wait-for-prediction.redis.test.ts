import { roleUrl } from '@augur/test-support/redis-url'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { connectPatient } from '../redis/connection.js'
import { cancelPrediction } from './cancel-prediction.js'
import { createPrediction } from './create-prediction.js'
import { EndedSubscriptions } from './ended-subscriptions.js'
import { finishPredictions } from './finish-predictions.js'
import { getPrediction } from './get-prediction.js'
import type { Prediction } from './prediction.js'
import { waitForPrediction } from './wait-for-prediction.js'

let context: TestContext
let subscriber: ReturnType<typeof connectPatient>
beforeEach(async () => {
  context = await createTestContext()
  subscriber = connectPatient({ url: roleUrl('product'), name: context.prefix, logger: context.logger })
})
afterEach(async () => {
  subscriber.disconnect()
  await context.close()
})

async function createRunning(): Promise<Prediction> {
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    input: '{"x":[1,2,3]}',
    class: 'waiting',
    form: 'pipeline',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
    metadata: { order: '„1“ \\ \u0001' },
  })
  const claim = { id: prediction.id, epoch: 0, token: randomToken() }
  const [outcome] = await context.predictions.claim([claim], context.now())
  if (outcome?.kind !== 'claimed') throw new Error('nobody else claims it')
  return outcome.prediction
}

const succeed = (prediction: Prediction, json: string) =>
  finishPredictions(context, [
    {
      prediction,
      ending: {
        status: 'succeeded',
        output: { kind: 'inline', json },
        error: null,
        errorCode: null,
        completedAt: context.now(),
        provenance: '{"attempt":1}',
        logs: 'one line\n',
      },
    },
  ])

/** Waits like a request does; `began` resolves when it has read what is there and waits for the end. */
function wait(id: string) {
  let reads = 0
  let read = () => {}
  const began = new Promise<void>((resolve) => {
    read = resolve
  })
  const ended = waitForPrediction(
    {
      subscriptions: new EndedSubscriptions(subscriber, context.keys),
      async read(wanted) {
        reads += 1
        const prediction = await getPrediction(context, wanted)
        read()
        return prediction
      },
    },
    id,
    { waitMs: 60_000, signal: new AbortController().signal },
  )
  return { ended, began, reads: () => reads }
}

test('who waits is told the end as its record reads, without reading it again', async () => {
  const prediction = await createRunning()
  const waiting = wait(prediction.id)
  await waiting.began
  await succeed(prediction, '{"text":"ü \\u2028 “7”"}')
  const told = await waiting.ended
  expect(told).toEqual(await context.predictions.read(prediction.id))
  expect(told).toMatchObject({ status: 'succeeded', logs: 'one line\n' })
  expect(waiting.reads()).toBe(1)
})

test('who waits is told that it was canceled', async () => {
  const prediction = await createRunning()
  const waiting = wait(prediction.id)
  await waiting.began
  await cancelPrediction(context, prediction.id)
  expect((await waiting.ended).status).toBe('canceled')
})

test('who begins to wait after the end reads it', async () => {
  const prediction = await createRunning()
  await succeed(prediction, '{"y":1}')
  expect((await wait(prediction.id).ended).status).toBe('succeeded')
})
