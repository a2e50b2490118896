import { modelTag } from '@augur/core/ids'
import { predictionQueueName } from '@augur/core/queue/jobs'
import { createKeys } from '@augur/core/redis/keys'
import { freePort } from '@augur/test-support/free-port'
import { childrenOf, isRunning, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, submitGated } from './support/gated.js'
import { readMetric } from './support/metrics.js'
import { bodyOf, ended, processing, read, type WirePrediction } from './support/predictions.js'
import { until } from './support/until.js'

let models: GatedRepository
let stack: TestStack
let receiver: WebhookReceiver
let redis: ReturnType<TestStack['connectRedis']>
let workerUrl: string
beforeAll(async () => {
  // Long enough for two that are sent together to share a run.
  models = await gatedRepository({ batchSize: 2, maxDelayMs: 1000 })
  receiver = await startWebhookReceiver()
  const port = await freePort()
  workerUrl = `http://127.0.0.1:${port}`
  stack = await startTestStack({ modelsDir: models.dir, env: { AUGUR_WORKER_PORT: String(port) } })
  redis = stack.connectRedis()
})
afterAll(async () => {
  redis?.disconnect()
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

async function cancel(id: string): Promise<WirePrediction> {
  const response = await stack.request(`/predictions/${id}/cancel`, { method: 'POST' })
  expect(response.status).toBe(200)
  return bodyOf(response)
}

/** Waits until the worker holds so many predictions, running or waiting for their micro-batch. */
async function heldByWorker(count: number): Promise<void> {
  const { results } = await bodyOf<{ results: { id: string }[] }>(
    await stack.request('/models/augur/gated/versions'),
  )
  const queue = `${createKeys(stack.prefix).queuePrefix(modelTag('augur/gated'))}:${predictionQueueName(results[0]?.id ?? '')}`
  await until(async () => (await heldIn(queue)) === count)
}

async function heldIn(queue: string): Promise<number> {
  const jobs = await redis.lrange(`${queue}:active`, 0, -1)
  const data = await Promise.all(jobs.map((job) => redis.hget(`${queue}:${job}`, 'data')))
  return data.reduce((sum, text) => {
    const { companions = [] }: { companions?: unknown[] } = JSON.parse(text ?? '{}')
    return sum + 1 + companions.length
  }, 0)
}

/** The statuses that the receiver was told for a prediction, once it was told of its end. */
async function toldOf(id: string): Promise<string[]> {
  const bodies = () => receiver.received.map(({ body }) => JSON.parse(body)).filter((told) => told.id === id)
  await receiver.waitFor(1, ({ body }) => JSON.parse(body).id === id && JSON.parse(body).completed_at)
  return bodies().map(({ status }) => status)
}

test('a prediction that waits is canceled at once, never run, and told of once', async () => {
  const blocker = await submitGated(stack, { value: [0, 0, 0], gate: 'blocker' })
  await processing(stack, [blocker])
  // One micro-batch of two waits in the worker, the rest in the queue.
  const values = [1, 2, 3, 4, 5, 6].map((i) => [i, 0, 0])
  const ids = []
  for (const value of values) ids.push(await submitGated(stack, { value }, receiver.url))
  await heldByWorker(4)
  const canceled = await Promise.all(ids.map(cancel))
  expect(canceled).toMatchObject(ids.map((id) => ({ id, status: 'canceled', output: null, error: null })))
  const behind = await submitGated(stack, { value: [7, 0, 0] }, receiver.url)
  await models.open('blocker')
  expect((await ended(stack, behind)).status).toBe('succeeded')
  expect(await models.begun()).toEqual([
    [0, 0, 0],
    [7, 0, 0],
  ])
  expect(await Promise.all(ids.map((id) => read(stack, id)))).toEqual(canceled)
  expect(await Promise.all(ids.map(toldOf))).toEqual(ids.map(() => ['canceled']))
})

test('a prediction that runs alone costs its runner, and the replacement serves the next one', async () => {
  const [runner = 0] = childrenOf(stack.workers[0]?.pid ?? 0)
  const endless = await submitGated(stack, { value: [1, 1, 1], gate: 'never' }, receiver.url)
  await processing(stack, [endless])
  const behind = await submitGated(stack, { value: [2, 2, 2] })
  const canceled = await cancel(endless)
  expect(canceled).toMatchObject({ status: 'canceled', output: null })
  expect(await ended(stack, behind)).toMatchObject({ status: 'succeeded', output: { value: [2, 2, 2] } })
  expect(isRunning(runner)).toBe(false)
  expect(await readMetric(workerUrl, 'augur_runs_total', { outcome: 'crashed' })).toBe(1)
  expect(await read(stack, endless)).toEqual(canceled)
  expect(await toldOf(endless)).toEqual(['processing', 'canceled'])
})

test('one that shares its run is let go, its late result is discarded, and its neighbour succeeds', async () => {
  const crashed = await readMetric(workerUrl, 'augur_runs_total', { outcome: 'crashed' })
  const blocker = await submitGated(stack, { value: [0, 0, 0], gate: 'blocker-2' })
  await processing(stack, [blocker])
  const [unwanted, neighbour] = await Promise.all([
    submitGated(stack, { value: [3, 3, 3], gate: 'shared' }, receiver.url),
    submitGated(stack, { value: [4, 4, 4], gate: 'shared' }),
  ])
  await heldByWorker(3)
  await models.open('blocker-2')
  await processing(stack, [unwanted, neighbour])
  const canceled = await cancel(unwanted)
  await models.open('shared')
  // One step ends the neighbour and would end the other with it.
  expect(await ended(stack, neighbour)).toMatchObject({ status: 'succeeded', output: { value: [4, 4, 4] } })
  expect(await read(stack, unwanted)).toEqual(canceled)
  expect(canceled).toMatchObject({ status: 'canceled', output: null })
  expect(await toldOf(unwanted)).toEqual(['processing', 'canceled'])
  expect(await readMetric(workerUrl, 'augur_runs_total', { outcome: 'crashed' })).toBe(crashed)
})

test('cancelling a prediction that has ended leaves it as it is', async () => {
  const id = await submitGated(stack, { value: [6, 6, 6] })
  const succeeded = await ended(stack, id)
  expect(await cancel(id)).toEqual(succeeded)
  expect(await read(stack, id)).toEqual(succeeded)
})
