import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import type { Catalogue } from '../models/catalogue.js'
import { CatalogueStore } from '../models/catalogue-store.js'
import type { PresentVersion, VersionState } from '../models/presence.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { deliveryId } from '../webhooks/delivery.js'
import { sweepVersions } from './sweep-versions.js'

const drainMs = 60_000
const hour = 3_600_000

let context: TestContext
let catalogue: CatalogueStore
beforeEach(async () => {
  context = await createTestContext()
  catalogue = new CatalogueStore(context.redis, context.keys)
  await catalogue.publish(testVersion, context.now())
})
afterEach(() => context.close())

async function create(webhook: string | null = null): Promise<string> {
  const wanted = {
    version: testVersion,
    input: '{}',
    class: 'submission',
    form: 'pipeline',
    webhook,
    webhookEvents: ['completed'],
    idempotency: null,
  } as const
  return (await createPrediction(context, wanted)).prediction.id
}

/** A worker that is to serve everything says what it has. */
async function announce(...states: [{ id: string }, VersionState][]): Promise<void> {
  const { model, label } = testVersion
  const versions = states.map(([{ id }, state]): PresentVersion => ({ id, model, label, state }))
  await catalogue.announce({ worker: 'w', covers: [], versions, problems: [] })
}

async function sweep(seen?: Catalogue): Promise<void> {
  const times = { drainMs, dataRetentionMs: 24 * hour, graceMs: 0 }
  const limits = { ...times, worker: 'w', memoryUse: async () => 0 }
  await sweepVersions({ ...context, ...limits, catalogue }, seen ?? (await catalogue.read()))
}

const statusOf = async (id: string) => (await context.predictions.read(id))?.status

test('what waits for a removed version ends as version_gone once the drain time is over, told by webhook', async () => {
  const id = await create('http://receiver.test/')
  await catalogue.markRemoved(testVersion, context.now())
  await announce()
  context.clock.now += drainMs - 1
  await sweep()
  expect(await statusOf(id)).toBe('starting')

  context.clock.now += 1
  await sweep()
  expect(await context.predictions.read(id)).toMatchObject({ status: 'failed', errorCode: 'version_gone' })
  expect(await context.queues.has(context.target, [{ id, epoch: 0 }])).toEqual([false])
  const told = await context.deliveryStore.read(deliveryId(id, 'completed'))
  expect(told?.delivery.body).toContain('version_gone')
})

test('what a draining worker runs may finish', async () => {
  const [running, waiting] = [await create(), await create()]
  const [claimed] = await context.predictions.claim(
    [{ id: running, epoch: 0, token: randomToken() }],
    context.now(),
  )
  await catalogue.markRemoved(testVersion, context.now())
  await announce([testVersion, 'draining'])
  context.clock.now += drainMs
  await sweep()
  expect([await statusOf(running), await statusOf(waiting)]).toEqual(['processing', 'failed'])

  if (claimed?.kind !== 'claimed') throw new Error('not claimed')
  const ending = {
    status: 'succeeded',
    output: null,
    error: null,
    errorCode: null,
    provenance: null,
  } as const
  const finishes = [{ prediction: claimed.prediction, ending: { ...ending, completedAt: context.now() } }]
  expect(await finishPredictions(context, finishes)).toEqual(['finished'])
})

test('what waits for a version whose workers are merely away goes on waiting', async () => {
  const id = await create()
  await announce()
  await sweep()
  context.clock.now += 1000 * hour
  await sweep()
  expect(await statusOf(id)).toBe('starting')
  expect((await catalogue.read()).resolve(testVersion.model).id).toBe(testVersion.id)
})

test('a version that other files replaced while nobody looked is removed, and what waits for it ends', async () => {
  const id = await create()
  const other = { ...testVersion, id: 'ef'.repeat(32) }
  await catalogue.publish(other, context.now())
  await announce([other, 'ready'])
  await sweep()
  context.clock.now += drainMs
  await sweep()
  expect(await context.predictions.read(id)).toMatchObject({ errorCode: 'version_gone' })
})

test('a version that came back since the catalogue was read loses nothing', async () => {
  const id = await create()
  await catalogue.markRemoved(testVersion, context.now())
  await announce()
  context.clock.now += drainMs
  const old = await catalogue.read()
  await catalogue.publish(testVersion, context.now())
  await announce([testVersion, 'ready'])
  await sweep(old)
  expect(await statusOf(id)).toBe('starting')
})

test('a version of which nothing is left is forgotten, the last of its model only after its data', async () => {
  const id = await create()
  const prediction = await context.predictions.read(id)
  if (prediction === null) throw new Error('not there')
  const ending = { status: 'canceled', output: null, error: null, errorCode: null, provenance: null } as const
  await finishPredictions(context, [{ prediction, ending: { ...ending, completedAt: context.now() } }])
  await announce()
  await sweep()
  expect((await catalogue.read()).versions).toEqual([])

  context.clock.now += drainMs + hour
  await sweep()
  expect((await catalogue.read()).all).toHaveLength(1)
  await context.predictions.removeData(context.tag, [id])
  await sweep()
  expect((await catalogue.read()).all).toEqual([])
  expect(await context.redis.exists(context.keys.counts(context.tag, testVersion.id))).toBe(0)
  expect(await context.predictions.read(id)).toMatchObject({ id, status: 'canceled' })
})
