import { redisUrl } from '@augur/test-support/redis-url'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { connectPatient } from '../redis/connection.js'
import { deliveryId } from '../webhooks/delivery.js'
import { cancelPrediction } from './cancel-prediction.js'
import { createPrediction } from './create-prediction.js'
import { finishPredictions } from './finish-predictions.js'
import type { Ending, Prediction } from './prediction.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const wanted = {
  version: testVersion,
  input: '{"x":[1,2,3]}',
  class: 'submission',
  form: 'pipeline',
  webhook: 'http://127.0.0.1:9/hook',
  webhookEvents: ['completed'],
  idempotency: null,
} as const

const success = (): Ending => ({
  status: 'succeeded',
  output: { kind: 'inline', json: '{"y":1}' },
  error: null,
  errorCode: null,
  completedAt: context.now(),
  provenance: null,
})

async function claim(id: string): Promise<Prediction | null> {
  const [outcome] = await context.predictions.claim([{ id, epoch: 0, token: randomToken() }], context.now())
  return outcome?.kind === 'claimed' ? outcome.prediction : null
}

/** Claims it, and ends it with success unless somebody else ended it or took it over. Returns whether it did. */
async function work(id: string): Promise<boolean> {
  const prediction = await claim(id)
  if (prediction === null) return false
  const [outcome] = await finishPredictions(context, [{ prediction, ending: success() }])
  return outcome === 'finished'
}

/** Every end that is published, with the id that it is of. */
async function listenForEnds() {
  const subscriber = connectPatient({ url: redisUrl(), name: context.prefix, logger: context.logger })
  const ends: string[] = []
  subscriber.on('pmessage', (_, channel: string, status: string) => {
    ends.push(`${channel.slice(context.keys.endedChannelPrefix.length)} ${status}`)
  })
  await subscriber.psubscribe(`${context.keys.endedChannelPrefix}*`)
  return { ends, close: () => subscriber.disconnect() }
}

test('cancels, claims and ends at the same time give each prediction one outcome, told of once', async () => {
  const listener = await listenForEnds()
  const created = await Promise.all(Array.from({ length: 200 }, () => createPrediction(context, wanted)))
  const ids = created.map(({ prediction }) => prediction.id)
  const attempts = ids.map(async (id, i) => {
    // Some are running already when the first cancel comes.
    const running = i % 2 === 0 ? await claim(id) : null
    const actors = [
      ...Array.from({ length: 3 }, () => () => cancelPrediction(context, id)),
      ...Array.from({ length: 2 }, () => () => work(id)),
      ...(running ? [() => finishPredictions(context, [{ prediction: running, ending: success() }])] : []),
    ]
    const rotated = [...actors.slice(i % actors.length), ...actors.slice(0, i % actors.length)]
    await Promise.all(rotated.map((act) => act()))
    // Whoever comes late is told of the same outcome.
    return cancelPrediction(context, id)
  })
  const answered = await Promise.all(attempts)
  const records = await context.predictions.readMany(ids)
  expect(answered.map(({ status }) => status)).toEqual(records.map((record) => record?.status))

  const statuses = records.map((record) => record?.status)
  const canceled = statuses.filter((status) => status === 'canceled').length
  const succeeded = statuses.filter((status) => status === 'succeeded').length
  expect(canceled + succeeded).toBe(200)
  expect(records.filter((record) => record?.status === 'canceled' && record.output !== null)).toEqual([])
  expect(await context.predictions.counts(context.tag, testVersion.id)).toMatchObject({
    accepted: 200,
    canceled,
    succeeded,
    failed: 0,
    open: 0,
  })
  await expect.poll(() => listener.ends.length).toBe(200)
  expect(listener.ends.toSorted()).toEqual(ids.map((id, i) => `${id} ${statuses[i]}`).toSorted())

  const told = await Promise.all(ids.map((id) => context.deliveryStore.read(deliveryId(id, 'completed'))))
  expect(told.map((each) => JSON.parse(each?.delivery.body ?? '{}').status)).toEqual(statuses)
  expect(await context.openPredictions.count(context.tenant)).toBe(0)
  listener.close()
})

test('of a canceled prediction nothing is left in its queue, and its late result changes nothing', async () => {
  const { prediction } = await createPrediction(context, wanted)
  const { prediction: running } = await createPrediction(context, wanted)
  const claimed = await claim(running.id)
  if (claimed === null) throw new Error('it must be claimed')
  await cancelPrediction(context, prediction.id)
  const canceled = await cancelPrediction(context, running.id)
  expect(await context.queues.has(context.target, [prediction, running])).toEqual([false, false])
  expect(await finishPredictions(context, [{ prediction: claimed, ending: success() }])).toEqual(['ended'])
  expect(await context.predictions.read(running.id)).toEqual(canceled)
})
