import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, requestGated, submitGated } from './support/gated.js'
import { bodyOf, ended, processing, read, type WirePrediction } from './support/predictions.js'

let models: GatedRepository
let stack: TestStack
let receiver: WebhookReceiver
beforeAll(async () => {
  models = await gatedRepository()
  receiver = await startWebhookReceiver()
  stack = await startTestStack({ modelsDir: models.dir })
})
afterAll(async () => {
  await models?.open('never')
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

const secondsOf = ({ created_at, completed_at }: WirePrediction & { created_at?: string }) =>
  (Date.parse(completed_at ?? '') - Date.parse(created_at ?? '')) / 1000

async function submit(input: object, body: object, headers: Record<string, string> = {}): Promise<string> {
  const response = await requestGated(stack, { value: [1, 2, 3], ...input }, { headers, body })
  expect(response.status).toBe(201)
  return (await bodyOf(response)).id
}

test('what still waits when its time is up is canceled, never run, and told of; what was behind it runs', async () => {
  const blocker = await submitGated(stack, { value: [0, 0, 0], gate: 'first' })
  await processing(stack, [blocker])
  const hurried = await submit({ value: [7, 7, 7] }, { expires_in: 1, webhook: receiver.url })
  const patient = await submit({ value: [8, 8, 8] }, {})
  const expired = await ended(stack, hurried)
  expect(expired).toMatchObject({ status: 'canceled', error_code: 'expired', output: null })
  expect(secondsOf(expired)).toBeGreaterThanOrEqual(1)
  const told = await receiver.waitFor(1, ({ body }) => JSON.parse(body).completed_at)
  expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({ id: hurried, error_code: 'expired' })
  await models.open('first')
  expect(await ended(stack, patient)).toMatchObject({ status: 'succeeded' })
  expect(await models.begun()).not.toContainEqual([7, 7, 7])
})

test('a deadline ends what runs, and its runner serves on', async () => {
  const endless = await submit({ gate: 'never' }, {}, { 'cancel-after': '5s' })
  await processing(stack, [endless])
  expect(await ended(stack, endless)).toMatchObject({ status: 'canceled', error_code: 'expired' })
  expect(await ended(stack, await submit({}, {}))).toMatchObject({ status: 'succeeded' })
  expect(await read(stack, endless)).toMatchObject({ status: 'canceled', output: null })
})

test('a time-out counts the run and not the wait before it', async () => {
  const blocker = await submitGated(stack, { value: [0, 0, 0], gate: 'second' })
  await processing(stack, [blocker])
  const waiting = await submit({}, { timeout: 3 })
  const slow = await submit({ gate: 'never' }, { timeout: 3 })
  const hurried = await submit({}, { expires_in: 4 })
  expect(await ended(stack, hurried)).toMatchObject({ status: 'canceled', error_code: 'expired' })
  await models.open('second')
  expect(await ended(stack, waiting)).toMatchObject({ status: 'succeeded' })
  expect(await ended(stack, slow)).toMatchObject({ status: 'failed', error_code: 'timeout' })
})
