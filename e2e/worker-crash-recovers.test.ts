import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allEnded, read } from './support/predictions.js'
import { sleepingRepository, submit } from './support/sleeping.js'

let models: Awaited<ReturnType<typeof sleepingRepository>>
let stack: TestStack
let receiver: WebhookReceiver
beforeAll(async () => {
  models = await sleepingRepository(4)
  receiver = await startWebhookReceiver()
  // Short locks make lost workers show soon; the budget is for workers that die of themselves, not of this story.
  const env = { AUGUR_LOCK_SECONDS: '1', AUGUR_MAX_LOST_WORKERS: '50', AUGUR_RECONCILE_GRACE_SECONDS: '1' }
  stack = await startTestStack({ modelsDir: models.dir, workers: 2, env })
})
afterAll(async () => {
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

// A slow machine needs its time to start twenty workers.
const timeout = 900_000

test('20 workers killed under load: every prediction ends once, right, with one webhook-id', {
  timeout,
}, async () => {
  const values: number[][] = []
  const ids: string[] = []
  const submitMore = async (count: number) => {
    const more = Array.from({ length: count }, (_, i) => [values.length + i, 0.5, 7])
    values.push(...more)
    ids.push(...(await Promise.all(more.map((value) => submit(stack, { value, sleepMs: 50 }, receiver.url)))))
  }
  await submitMore(200)
  for (let kills = 0; kills < 20; kills++) {
    const victim = stack.workers.at(-2)
    stack.startWorker()
    await stack.ready()
    // While predictions wait, no worker is idle: each kill takes running micro-batches with it.
    do await submitMore(50)
    while ((await read(stack, ids.at(-1) ?? '')).status !== 'starting')
    await victim?.end('SIGKILL')
  }
  const predictions = await allEnded(stack, ids)
  expect(predictions.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'))
  expect(predictions.map(({ output }) => output?.value)).toEqual(values)
  const webhookIds = await receiver.webhookIdsOf(ids)
  expect(webhookIds.map((found) => found.size)).toEqual(ids.map(() => 1))
})
