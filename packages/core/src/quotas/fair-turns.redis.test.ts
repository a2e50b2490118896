import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { predictionQueueName } from '../queue/jobs.js'
import { lastFrontTurn } from '../queue/priority.js'
import { FairTurns } from './fair-turns.js'
import { OpenPredictions } from './open-predictions.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const wanted = {
  version: testVersion,
  input: '{}',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
} as const

type Class = 'waiting' | 'submission'

/** Submits `count` predictions of a tenant, as the API process `as` does it. */
async function submit(tenant: string, count: number, as: Class = 'submission', process_ = context) {
  const created: string[] = []
  for (let i = 0; i < count; i++) {
    const { prediction } = await createPrediction({ ...process_, tenant }, { ...wanted, class: as })
    created.push(prediction.id)
  }
  return created
}

/** Takes the next `count` jobs as workers do, ends their predictions, and says whose they were. */
async function serve(count: number): Promise<{ id: string; tenant: string }[]> {
  const queue = `${context.keys.queuePrefix(context.tag)}:${predictionQueueName(testVersion.id)}`
  const taken = await context.redis.zpopmin(`${queue}:prioritized`, count)
  const ids = taken.filter((_, i) => i % 2 === 0).map((jobId) => jobId.replace(/\.\d+$/, ''))
  const predictions = (await context.predictions.readMany(ids)).filter((found) => found !== null)
  const ending = { status: 'canceled', output: null, error: null, errorCode: null, provenance: null } as const
  await finishPredictions(
    context,
    predictions.map((prediction) => ({ prediction, ending: { ...ending, completedAt: context.now() } })),
  )
  return predictions.map(({ id, tenant }) => ({ id, tenant }))
}

const tenantsOf = (served: { tenant: string }[]) => served.map(({ tenant }) => tenant).join('')

/** A second API process on the same Redis. */
function anotherProcess(): TestContext {
  const openPredictions = new OpenPredictions(context.redis, context.keys)
  return { ...context, openPredictions, turns: new FairTurns({ ...context, openPredictions }) }
}

test('a tenant with one prediction does not wait behind the many of another', async () => {
  await submit('a', 50)
  await submit('b', 1)
  expect(tenantsOf(await serve(3))).toContain('b')
})

test('also in the middle of a long queue, and from another process', async () => {
  await submit('a', 50)
  await serve(20)
  await context.turns.refresh()
  await submit('a', 20)
  await submit('b', 1, 'submission', anotherProcess())
  expect(tenantsOf(await serve(3))).toContain('b')
})

test('tenants that both have many are served in turns', async () => {
  await submit('a', 40)
  await serve(10)
  await context.turns.refresh()
  await submit('b', 20)
  const first = tenantsOf(await serve(20))
  expect(first.replaceAll('a', '').length).toBeGreaterThanOrEqual(8)
  expect(first.replaceAll('b', '').length).toBeGreaterThanOrEqual(8)
})

test('the predictions of one tenant are served in order, however much was served meanwhile', async () => {
  const ids = await submit('a', 20)
  const served = await serve(5)
  ids.push(...(await submit('a', 5)))
  await context.turns.refresh()
  ids.push(...(await submit('a', 5)))
  served.push(...(await serve(10)))
  await context.turns.refresh()
  ids.push(...(await submit('a', 10)))
  served.push(...(await serve(100)))
  expect(served.map(({ id }) => id)).toEqual(ids)
})

test('who waits for the answer goes before who does not, whatever their tenants have', async () => {
  await submit('b', 1)
  await submit('a', 5, 'waiting')
  expect(tenantsOf(await serve(6))).toBe('aaaaab')
})

test('a process that has just started puts nothing before what waits longer', async () => {
  const ids = await submit('a', 30)
  const served = await serve(20)
  ids.push(...(await submit('a', 5, 'submission', anotherProcess())))
  served.push(...(await serve(15)))
  expect(served.map(({ id }) => id)).toEqual(ids)
})

test('turns that have come far begin again, and stay fair', async () => {
  await context.queues.add(context.target, [
    { id: 'x', epoch: 0, class: 'submission', turn: lastFrontTurn + 1 },
  ])
  await submit('a', 50)
  await submit('b', 1)
  expect(tenantsOf(await serve(3))).toContain('b')
})
