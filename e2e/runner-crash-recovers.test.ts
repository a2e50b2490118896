import { childrenOf, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { freePort } from '@augur/test-support/free-port'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readMetric } from './support/metrics.js'
import { allEnded, ended, read } from './support/predictions.js'
import { sleepingRepository, submit } from './support/sleeping.js'
import { until } from './support/until.js'

let models: Awaited<ReturnType<typeof sleepingRepository>>
let stack: TestStack
let receiver: WebhookReceiver
let workerPort: number
beforeAll(async () => {
  models = await sleepingRepository(4)
  receiver = await startWebhookReceiver()
  workerPort = await freePort()
  stack = await startTestStack({ modelsDir: models.dir, env: { AUGUR_WORKER_PORT: String(workerPort) } })
})
afterAll(async () => {
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

const runs = (outcome: string) =>
  readMetric(`http://127.0.0.1:${workerPort}`, 'augur_runs_total', { outcome })

/** Kills the runner once it has proved to be at work. True when that took a running micro-batch with it. */
async function killBusyRunner(): Promise<boolean> {
  const [crashed, ran] = [await runs('crashed'), await runs('ran')]
  await until(async () => (await runs('ran')) > ran)
  const [runner] = childrenOf(stack.workers[0]?.pid ?? 0)
  if (runner === undefined) return false
  process.kill(runner, 'SIGKILL')
  await until(() => !childrenOf(stack.workers[0]?.pid ?? 0).includes(runner))
  return (await runs('crashed')) > crashed
}

// A slow machine needs its time to start twenty runners.
const timeout = 900_000

test('20 runners killed in the middle of a micro-batch: every prediction ends once, right, with one webhook-id', {
  timeout,
}, async () => {
  const values: number[][] = []
  const ids: string[] = []
  const submitMore = async () => {
    const more = Array.from({ length: 200 }, (_, i) => [values.length + i, 0.5, 7])
    values.push(...more)
    ids.push(...(await Promise.all(more.map((value) => submit(stack, { value, sleepMs: 20 }, receiver.url)))))
  }
  for (let hits = 0; hits < 20; ) {
    // Only while predictions wait is a runner always busy.
    if (ids.length === 0 || (await read(stack, ids.at(-1) ?? '')).status !== 'starting') await submitMore()
    if (await killBusyRunner()) hits++
  }
  const predictions = await allEnded(stack, ids)
  expect(predictions.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'))
  expect(predictions.map(({ output }) => output?.value)).toEqual(values)
  const webhookIds = await receiver.webhookIdsOf(ids)
  expect(webhookIds.map((found) => found.size)).toEqual(ids.map(() => 1))
})

test('an input that kills its runner fails alone after three deaths, and its neighbours succeed', async () => {
  const before = await runs('crashed')
  const neighbours = Array.from({ length: 7 }, (_, i) => submit(stack, { value: [i, i, i], sleepMs: 10 }))
  const poison = submit(stack, { value: [9, 9, 9], crash: true })
  const verdict = await ended(stack, await poison)
  expect(verdict).toMatchObject({ status: 'failed', error_code: 'runner_crashed' })
  const saved = await allEnded(stack, await Promise.all(neighbours))
  expect(saved.map(({ status }) => status)).toEqual(neighbours.map(() => 'succeeded'))
  expect((await runs('crashed')) - before).toBeGreaterThanOrEqual(3)
})

test('an error in the pipeline is the answer to its own input alone', async () => {
  const failing = await ended(stack, await submit(stack, { value: [1, 1, 1], fail: true }))
  expect(failing.status).toBe('failed')
  expect(failing.error_code).toBe('model_error')
  expect(failing.error).not.toMatch(/\/|pipeline\.mjs/)
})
