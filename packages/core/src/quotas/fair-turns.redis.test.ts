import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { predictionQueueName } from '../queue/jobs.js'
import { takenBack, turnOf } from '../queue/priority.js'
import { FairTurns } from './fair-turns.js'

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
  return { ...context, turns: new FairTurns(context) }
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

test('who waits for the answer goes before who does not, whoever has more', async () => {
  await submit('b', 1)
  await submit('a', 3, 'waiting')
  expect(tenantsOf(await serve(4))).toBe('aaab')
})

test('a process that has just started puts nothing before what waits longer', async () => {
  const ids = await submit('a', 30)
  const served = await serve(20)
  ids.push(...(await submit('a', 5, 'submission', anotherProcess())))
  served.push(...(await serve(15)))
  expect(served.map(({ id }) => id)).toEqual(ids)
})

test('turns that have come far begin again, also those that are given by who does not know', async () => {
  const far = { ...context, tenant: 'a', turns: { next: async () => takenBack + 1 } }
  await createPrediction(far, { ...wanted, class: 'submission' })
  const ids = await submit('a', 20)
  await submit('b', 1)
  expect(await context.queues.takeBackTurns(context.target)).toBe(22)
  expect(await context.queues.frontTurn(context.target)).toBe(1)
  await submit('c', 1)
  expect(await context.queues.takeBackTurns(context.target)).toBe(1)
  expect(
    tenantsOf(await serve(4))
      .split('')
      .toSorted()
      .join(''),
  ).toBe('aabc')
  expect((await serve(30)).map(({ id }) => id)).toEqual(ids.slice(1))
})

test('turns are taken back once, also those that are still far afterwards', async () => {
  const at = (turn: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${turn + i}`,
      epoch: 0,
      class: 'submission' as const,
      turn: turn + i,
    }))
  const jobs = [...at(takenBack + 500_000, 10), ...at(2 * takenBack + 50_000, 1000)]
  await context.queues.add(context.target, jobs)
  expect(await context.queues.takeBackTurns(context.target)).toBe(jobs.length)
  const queue = `${context.keys.queuePrefix(context.tag)}:${predictionQueueName(testVersion.id)}`
  const scores = await context.redis.zmscore(
    `${queue}:prioritized`,
    jobs.map(({ id }) => `${id}.0`),
  )
  expect(scores.map((score) => turnOf(Number(score)))).toEqual(jobs.map(({ turn }) => turn - takenBack))
})

test('a job that goes back to a queue whose turns were taken back goes where it was', async () => {
  const turns = { next: async () => takenBack + 7 }
  const { prediction } = await createPrediction({ ...context, turns }, { ...wanted, class: 'submission' })
  await context.queues.takeBackTurns(context.target)
  const queue = `${context.keys.queuePrefix(context.tag)}:${predictionQueueName(testVersion.id)}`
  expect(await context.redis.hget(`${queue}:${prediction.id}.0`, 'priority')).toBe('7')
})
