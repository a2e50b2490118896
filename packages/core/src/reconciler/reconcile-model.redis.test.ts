import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPrediction } from '../predictions/create-prediction.js'
import type { ModelVersion } from '../models/version.js'
import { consumePredictions } from '../queue/prediction-consumer.js'
import { takenBack } from '../queue/priority.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Prediction } from '../predictions/prediction.js'
import { auditVersion } from './audit.js'
import { type ReconcileContext, reconcileModel } from './reconcile-model.js'

const hour = 3_600_000

let context: TestContext
let reconciler: ReconcileContext
let version: ModelVersion
beforeEach(async () => {
  version = testVersion
  context = await createTestContext({ inlineBytes: 20 })
  reconciler = {
    ...context,
    worker: 'w1',
    dataRetentionMs: 24 * hour,
    graceMs: 10_000,
    memoryUse: async () => 0,
  }
})
afterEach(() => context.close())

const reconcile = () => reconcileModel(reconciler, [context.target])

async function create(input = '{}', webhook: string | null = null): Promise<Prediction> {
  const wanted = {
    version,
    input,
    class: 'submission',
    form: 'pipeline',
    webhookEvents: ['completed'],
    idempotency: null,
  } as const
  const {
    prediction: { id },
  } = await createPrediction(context, { ...wanted, webhook })
  return (await context.predictions.read(id)) as Prediction
}

async function finish(...predictions: Prediction[]): Promise<void> {
  const output = { kind: 'inline', json: '1' } as const
  const ending = {
    status: 'succeeded',
    output,
    error: null,
    errorCode: null,
    completedAt: context.clock.now,
    provenance: null,
  } as const
  await finishPredictions(
    context,
    predictions.map((prediction) => ({ prediction, ending })),
  )
}

/** Has the queue give up on the job that is served next. */
async function giveUp(): Promise<void> {
  const consumer = consumePredictions({
    ...context,
    lock: { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 },
    places: 1,
    handle: () => Promise.reject(new Error('a fault of ours')),
  })
  while ((await context.queues.failed(context.target, 10)).length === 0)
    await new Promise((r) => setTimeout(r, 5))
  await consumer.close()
}

test('a record whose job was never added gets one, once it is older than the grace period', async () => {
  const { id } = await create()
  await context.queues.remove(context.target, [{ id, epoch: 0 }])
  expect(await reconcile()).toMatchObject({ requeued: 0 })
  context.clock.now += 10_001
  expect(await reconcile()).toMatchObject({ requeued: 1 })
  const prediction = (await context.predictions.read(id)) as Prediction
  expect(prediction.epoch).toBe(1)
  expect(await context.queues.has(context.target, [prediction])).toEqual([true])
  expect(await reconcile()).toMatchObject({ requeued: 0 })
})

test('a prediction that is queued is left alone', async () => {
  const prediction = await create()
  context.clock.now += hour
  expect(await reconcile()).toMatchObject({ requeued: 0, closed: 0 })
  expect(await context.queues.has(context.target, [prediction])).toEqual([true])
})

test('a delivery that was written and never announced is announced', async () => {
  const prediction = await create('{}', 'http://127.0.0.1:9/')
  const add = context.deliveries.add.bind(context.deliveries)
  context.deliveries.add = () => Promise.reject(new Error('died here'))
  await expect(finish(prediction)).rejects.toThrow('died here')
  context.deliveries.add = add
  context.clock.now += 10_001
  expect(await reconcile()).toMatchObject({ announced: 1 })
  expect(await context.deliveries.has([`${prediction.id}.completed`])).toEqual([true])
})

test('deliveries that share a job are left alone while it is there, and announced when it is lost', async () => {
  const predictions = [await create('{}', 'http://127.0.0.1:9/'), await create('{}', 'http://127.0.0.1:9/')]
  const own = predictions.map(({ id }) => `${id}.completed`)
  await finish(...predictions)
  expect(await context.deliveries.has(own)).toEqual([false, false])
  context.clock.now += 10_001
  expect(await reconcile()).toMatchObject({ announced: 0 })
  await context.deliveries.bullQueue.drain()
  context.clock.now += 10_001
  expect(await reconcile()).toMatchObject({ announced: 2 })
  expect(await context.deliveries.has(own)).toEqual([true, true])
})

test('input and output go after the data retention; the record stays and says so', async () => {
  const prediction = await create('{"long":"enough to be a file"}')
  const key = prediction.input?.kind === 'stored' ? prediction.input.key : ''
  expect(await context.payloads.read({ kind: 'stored', key })).not.toBeNull()
  await finish(prediction)
  context.clock.now += 24 * hour - 1
  expect(await reconcile()).toMatchObject({ removed: 0 })
  context.clock.now += 2
  expect(await reconcile()).toMatchObject({ removed: 1 })
  const after = await context.predictions.read(prediction.id)
  expect(after).toMatchObject({ status: 'succeeded', input: null, output: null, dataRemoved: true })
  expect(await context.payloads.read({ kind: 'stored', key })).toBeNull()
})

test('when Redis runs out of memory the oldest ended data goes before its time, open data never', async () => {
  const open = await create()
  await finish(await create())
  reconciler.memoryUse = async () => 0.7
  context.clock.now += 299_000
  // Long enough to be fetched, whatever happens.
  expect(await reconcile()).toMatchObject({ removed: 0 })
  context.clock.now += 2000
  expect(await reconcile()).toMatchObject({ removed: 1 })
  expect((await context.predictions.read(open.id))?.input).not.toBeNull()
})

test('one worker at a time reconciles a model', async () => {
  expect(await reconcile()).not.toBeNull()
  expect(await reconcileModel({ ...reconciler, worker: 'w2' }, [context.target])).toBeNull()
})

test('the audit finds what is missing and is 0 when nothing is', async () => {
  const lost = await create()
  await create()
  await finish(await create())
  const audit = () => auditVersion(context, context.tag, context.target)
  expect(await audit()).toEqual({
    accepted: 3,
    open: 2,
    terminal: 1,
    gap: 0,
    openWithoutRecord: 0,
    openWithoutJob: 0,
  })
  await context.queues.remove(context.target, [lost])
  expect(await audit()).toMatchObject({ gap: 0, openWithoutJob: 1 })
  await context.redis.del(context.keys.record(lost.id))
  expect(await audit()).toMatchObject({ openWithoutRecord: 1, openWithoutJob: 0 })
  await context.redis.zrem(context.keys.open(context.tag, testVersion.id), lost.id)
  expect(await audit()).toMatchObject({ gap: 1 })
})

test('a job that its queue gave up on is replaced under the next epoch', async () => {
  const failing = await create()
  await giveUp()
  expect(await reconcile()).toMatchObject({ closed: 1 })
  const replaced = (await context.predictions.read(failing.id)) as Prediction
  expect(replaced).toMatchObject({ status: 'starting', epoch: 1 })
  expect(await context.queues.has(context.target, [replaced])).toEqual([true])
  expect(await context.queues.failed(context.target, 10)).toEqual([])
})

test('all that shared a job its queue gave up on get jobs of their own', async () => {
  const { serving } = testVersion.manifest
  const together = { ...serving, batching: { ...serving.batching, maxSize: 2 } }
  version = { ...testVersion, manifest: { ...testVersion.manifest, serving: together } }
  const failing = await Promise.all([create(), create()])
  expect(failing[0].sharedJob).toBeDefined()
  expect(failing[1].sharedJob).toBe(failing[0].sharedJob)
  await giveUp()
  expect(await reconcile()).toMatchObject({ closed: 1 })
  const heads = await context.predictions.readHeads(failing.map(({ id }) => id))
  const replaced = heads.filter((head) => head !== null)
  expect(replaced.map(({ epoch }) => epoch)).toEqual([1, 1])
  expect(await context.queues.has(context.target, replaced)).toEqual([true, true])
})

test('turns that have come far begin again, of predictions and of chunks', async () => {
  const turn = takenBack + 7
  await context.queues.add(context.target, [{ id: 'p', epoch: 0, class: 'submission', turn }])
  await context.chunkQueues.add(context.target, [{ batch: 'b', chunk: 0, epoch: 0, turn }])
  await reconcile()
  expect(await context.queues.frontTurn(context.target)).toBe(7)
  expect(await context.chunkQueues.frontTurn(context.target)).toBe(7)
})
