import { roleUrl } from '@augur/test-support/redis-url'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import type { PredictionJob } from '../queue/jobs.js'
import { consumePredictions } from '../queue/prediction-consumer.js'
import { connectPatient } from '../redis/connection.js'
import { type CreateContext, createPrediction, type NewPrediction } from './create-prediction.js'
import type { Prediction } from './prediction.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const { serving } = testVersion.manifest
const version = {
  ...testVersion,
  manifest: {
    ...testVersion.manifest,
    serving: { ...serving, batching: { ...serving.batching, maxSize: 4 } },
  },
}
const wanted: NewPrediction = {
  version,
  input: '{}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
}

/** Creates them in one turn of the event loop. */
async function createTogether(
  all: readonly { as?: Partial<CreateContext>; with?: Partial<NewPrediction> }[],
): Promise<Prediction[]> {
  const created = await Promise.all(
    all.map(({ as, with: more }) => createPrediction({ ...context, ...as }, { ...wanted, ...more })),
  )
  return created.map(({ prediction }) => prediction)
}

/** The jobs of the queue, each as the ids that it carries. */
async function jobsOf(count: number): Promise<string[][]> {
  const redis = connectPatient({ url: roleUrl('product'), name: context.prefix, logger: context.logger })
  const found: string[][] = []
  await new Promise<void>((resolve) => {
    const consumer = consumePredictions({
      ...context,
      redis,
      lock: { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 },
      places: 100,
      async handle({ id, companions = [] }: PredictionJob) {
        found.push([id, ...companions.map((each) => each.id)])
        if (found.length === count) void consumer.close().then(resolve)
        return 'done'
      },
    })
  })
  redis.disconnect()
  return found
}

const idsOf = (predictions: readonly Prediction[]) => predictions.map(({ id }) => id)

test('predictions of one caller that come at the same moment share a job, as many as are run together', async () => {
  const created = await createTogether(Array.from({ length: 6 }, () => ({})))
  expect(await jobsOf(2)).toEqual([idsOf(created.slice(0, 4)), idsOf(created.slice(4))])
})

test('nobody shares a job with another caller, another class, or what has files to fetch', async () => {
  const alone = [
    {},
    { as: { tenant: 'b' } },
    { with: { class: 'waiting' as const } },
    { with: { isRemote: true } },
  ]
  const created = await createTogether(alone)
  const jobs = await jobsOf(alone.length)
  expect(jobs.map(({ length }) => length)).toEqual(alone.map(() => 1))
  expect(jobs.flat().toSorted()).toEqual(idsOf(created).toSorted())
  expect(created.map(({ sharedJob }) => sharedJob)).toEqual(alone.map(() => undefined))
})

test('each of those that share a job is known to be queued, and stays so when another is cancelled', async () => {
  const created = await createTogether([{}, {}, {}])
  expect(await context.queues.has(context.target, created)).toEqual([true, true, true])
  await context.queues.remove(context.target, created.slice(0, 1))
  expect(await context.queues.has(context.target, created)).toEqual([true, true, true])
  const read = await context.predictions.readHeads(idsOf(created))
  expect(
    await context.queues.has(
      context.target,
      read.filter((head) => head !== null),
    ),
  ).toEqual([true, true, true])
})

test('a new job is a prediction’s own, and makes it void in the one that it shared', async () => {
  const [first] = await createTogether([{}, {}])
  if (!first) throw new Error('nothing was created')
  expect(await context.predictions.advanceEpoch(first.id, 0)).toBe(true)
  const [head] = await context.predictions.readHeads([first.id])
  expect(await context.queues.has(context.target, head ? [head] : [])).toEqual([false])
  const old = { id: first.id, epoch: 0, token: randomToken() }
  expect(await context.predictions.claim([old], context.now())).toEqual([{ kind: 'stale' }])
})
