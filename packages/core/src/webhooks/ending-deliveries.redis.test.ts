import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { createGuardedAgent } from '../outbound/guarded-agent.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Ending } from '../predictions/prediction.js'
import { createMetrics } from '../telemetry/metrics.js'
import { deliverWebhook } from './deliver-webhook.js'
import { Receivers } from './receivers.js'
import { defaultWebhookEvents, type WebhookEvent, webhookEvents } from './webhook-events.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

/** A prediction that was claimed. */
async function running(events: readonly WebhookEvent[] = defaultWebhookEvents, url = 'http://127.0.0.1:9/') {
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    input: '{"x":[1]}',
    class: 'submission',
    form: 'pipeline',
    webhook: url,
    webhookEvents: events,
    idempotency: null,
  })
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  const [outcome] = await context.predictions.claim(claims, context.clock.now)
  if (outcome?.kind !== 'claimed') throw new Error('the prediction must be claimed')
  return outcome.prediction
}

const success: Ending = {
  status: 'succeeded',
  output: { kind: 'inline', json: '[1,2]' },
  error: null,
  errorCode: null,
  completedAt: 0,
  provenance: null,
  logs: 'a line\n',
}

async function finish(events: readonly WebhookEvent[], ending: Partial<Ending> = {}) {
  const prediction = await running(events)
  const finished = { ...success, completedAt: context.clock.now, ...ending }
  await finishPredictions(context, [{ prediction, ending: finished }])
  return deliveriesOf(prediction.id)
}

/** In the order in which they happen. */
async function deliveriesOf(id: string) {
  const inOrder = ['start', 'logs', 'output', 'completed']
  const read = await Promise.all(inOrder.map((event) => context.deliveryStore.read(`${id}.${event}`)))
  return read.flatMap((found) => (found ? [found.delivery] : []))
}

const bodiesOf = (deliveries: { body: string }[]) => deliveries.map(({ body }) => JSON.parse(body))

test('an end tells of what it gave and of itself, each as the prediction then was', async () => {
  const [output, completed] = bodiesOf(await finish(['output', 'completed']))
  const [logs] = bodiesOf(await finish(['logs']))
  expect(logs).toMatchObject({ status: 'processing', logs: 'a line\n', output: null })
  expect(output).toMatchObject({ status: 'processing', logs: 'a line\n', output: [1, 2] })
  expect(completed).toMatchObject({ status: 'succeeded', logs: 'a line\n', output: [1, 2] })
  expect([logs, output].map((body) => 'completed_at' in body)).toEqual([false, false])
})

test('logs and output that come at once are told of once, in a body that shows both', async () => {
  const deliveries = await finish(webhookEvents)
  expect(deliveries.map(({ id }) => id.split('.')[1])).toEqual(['output', 'completed'])
  expect(bodiesOf(deliveries)[0]).toMatchObject({ logs: 'a line\n', output: [1, 2] })
})

test('every event waits for the one before it', async () => {
  const deliveries = await finish(webhookEvents)
  const eventOf = (id: string | null) => id?.split('.')[1]
  expect(deliveries.map(({ id, after }) => [eventOf(after), eventOf(id)])).toEqual([
    ['start', 'output'],
    ['output', 'completed'],
  ])
  const fewer = await finish(['output', 'completed'])
  expect(fewer.map(({ id, after }) => [eventOf(after), eventOf(id)])).toEqual([
    [undefined, 'output'],
    ['output', 'completed'],
  ])
})

test('there is no event for what did not happen', async () => {
  const eventsOf = (deliveries: { id: string }[]) => deliveries.map(({ id }) => id.split('.')[1])
  expect(eventsOf(await finish(webhookEvents, { logs: '' }))).toEqual(['output', 'completed'])
  const failed = { status: 'failed', output: null, error: 'no', errorCode: 'model_error' } as const
  expect(eventsOf(await finish(webhookEvents, failed))).toEqual(['logs', 'completed'])
  const { id } = await running()
  await cancelPrediction(context, id)
  expect(eventsOf(await deliveriesOf(id))).toEqual(['completed'])
})

test('who lost its claim tells of nothing', async () => {
  const prediction = await running()
  const stale = { ...prediction, token: 'stale' }
  await finishPredictions(context, [{ prediction: stale, ending: { ...success, completedAt: 1 } }])
  expect(await deliveriesOf(prediction.id)).toEqual([])
})

test('several ends in one step each tell of their own', async () => {
  const predictions = [await running(['output']), await running([]), await running()]
  const finishes = predictions.map((prediction, i) => ({
    prediction,
    ending: { ...success, output: { kind: 'inline' as const, json: `${i}` }, completedAt: context.clock.now },
  }))
  expect(await finishPredictions(context, finishes)).toEqual(['finished', 'finished', 'finished'])
  const told = await Promise.all(predictions.map(async ({ id }) => bodiesOf(await deliveriesOf(id))))
  expect(told.map((bodies) => bodies.map(({ output }) => output))).toEqual([[0], [], [2, 2]])
  for (const { id } of predictions)
    expect(await context.predictions.read(id)).toMatchObject({ logs: 'a line\n' })
})

test('logs are removed with the data', async () => {
  const prediction = await running()
  await finishPredictions(context, [{ prediction, ending: { ...success, completedAt: context.clock.now } }])
  await context.predictions.removeData(context.tag, [prediction.id])
  expect(await context.predictions.read(prediction.id)).toMatchObject({ logs: '', dataRemoved: true })
})

test('an event is never sent after a later one, also when its receiver failed it', async () => {
  const prediction = await running(['output', 'completed'])
  await finishPredictions(context, [{ prediction, ending: { ...success, completedAt: context.clock.now } }])
  const agent = createGuardedAgent({ mode: 'development', allow: [] })
  const secretsOf = async () => [`whsec_${Buffer.alloc(32).toString('base64')}`]
  const receivers = new Receivers({ slots: 4, perReceiver: 4, pauseMs: 1000, now: context.now })
  const deliver = (event: WebhookEvent) =>
    deliverWebhook(
      {
        ...context,
        deliveries: context.deliveryStore,
        receivers,
        agent,
        secretsOf,
        onGone: async () => {},
        retryDelaysMs: [1000],
        metrics: createMetrics(),
        log: { warn: () => {} },
      },
      `${prediction.id}.${event}`,
      0,
    )
  expect(await deliver('completed')).toMatchObject({ kind: 'later' })
  // Nobody listens there.
  expect(await deliver('output')).toMatchObject({ kind: 'again' })
  context.clock.now += 2000
  expect(await deliver('output')).toEqual({ kind: 'ended' })
  expect(await deliver('completed')).toMatchObject({ kind: 'again' })
  await agent.close()
})
