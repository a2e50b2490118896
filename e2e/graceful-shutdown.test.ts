import { createKeys } from '@augur/core/redis/keys'
import { childrenOf, isRunning, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, requestGated, submitGated } from './support/gated.js'
import { readMetric } from './support/metrics.js'
import { allEnded, bodyOf, processing, read, servedBy } from './support/predictions.js'
import { until } from './support/until.js'

let models: GatedRepository
let stack: TestStack
beforeEach(async () => {
  models = await gatedRepository()
  stack = await startTestStack({ modelsDir: models.dir, workers: 0 })
})
afterEach(async () => {
  await stack?.stop()
  await models?.remove()
})

const patient = { AUGUR_GRACE_SECONDS: '600' }
const hasty = { AUGUR_GRACE_SECONDS: '1' }

async function startWorker(env: Record<string, string>) {
  const worker = stack.startWorker(env)
  await stack.ready()
  return worker
}

/** What its record says of how often it was begun, and of deaths that it was blamed for. */
async function historyOf(id: string) {
  const redis = stack.connectRedis()
  const record = createKeys(stack.prefix).record(id)
  const [status, attempts, crashes] = await redis.hmget(record, 'status', 'attempt', 'crashes')
  redis.disconnect()
  return { status, attempts, crashes }
}

test('SIGTERM lets a worker finish what it runs, and what it only held goes to the next one', async () => {
  const worker = await startWorker(patient)
  const running = await submitGated(stack, { value: [1, 1, 1], gate: 'short' })
  await processing(stack, [running])
  const held = await Promise.all([2, 3, 4].map((i) => submitGated(stack, { value: [i, i, i] })))
  const exit = worker.end('SIGTERM')
  await servedBy(stack, 'augur/gated', 0)
  await models.open('short')
  expect(await exit).toEqual({ code: 0, signal: null })
  expect(await read(stack, running)).toMatchObject({ status: 'succeeded', output: { value: [1, 1, 1] } })
  expect(await Promise.all(held.map((id) => read(stack, id)))).toMatchObject(
    held.map(() => ({ status: 'starting' })),
  )

  await startWorker(patient)
  const values = (await allEnded(stack, held)).map(({ output }) => output?.value)
  expect(values).toEqual([2, 3, 4].map((i) => [i, i, i]))
  expect(await Promise.all(held.map(historyOf))).toMatchObject(
    held.map(() => ({ attempts: '1', crashes: null })),
  )
})

test('what outlasts the grace period is handed back, charged to nobody, and finished by another worker', async () => {
  const worker = await startWorker(hasty)
  const long = await submitGated(stack, { value: [1, 2, 3], gate: 'long' })
  await processing(stack, [long])
  const runners = childrenOf(worker.pid)
  expect(runners).toHaveLength(1)
  const other = stack.startWorker(hasty)
  await servedBy(stack, 'augur/gated', 2)
  const behind = await Promise.all([4, 5].map((i) => submitGated(stack, { value: [i, i, i] })))

  expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(runners.filter(isRunning)).toEqual([])
  await until(async () => (await historyOf(long)).attempts === '2')
  await models.open('long')
  const predictions = await allEnded(stack, [long, ...behind])
  expect(predictions.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  expect(predictions.map(({ output }) => output?.value)).toEqual([
    [1, 2, 3],
    [4, 4, 4],
    [5, 5, 5],
  ])
  expect(await historyOf(long)).toMatchObject({ attempts: '2', crashes: null })
  expect(await other.end('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('SIGTERM to the API answers everybody who waits, and the predictions go on', async () => {
  await startWorker(hasty)
  const id = await submitGated(stack, { value: [1, 2, 3], gate: 'answer' })
  await processing(stack, [id])
  const created = requestGated(stack, { value: [4, 5, 6] }, { headers: { prefer: 'wait' } })
  const asked = stack.request(`/predictions/${id}?wait=55`)
  await until(async () => (await readMetric(stack.url, 'augur_waiting_clients')) === 2)

  const exit = stack.api.end('SIGTERM')
  expect((await created).status).toBe(202)
  expect(await bodyOf(await created)).toMatchObject({ status: 'starting', output: null })
  expect((await asked).status).toBe(200)
  expect(await bodyOf(await asked)).toMatchObject({ id, status: 'processing' })
  expect(await exit).toEqual({ code: 0, signal: null })
  await models.open('answer')
  await until(async () => (await historyOf(id)).status === 'succeeded')
})
