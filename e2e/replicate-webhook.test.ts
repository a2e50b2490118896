import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { validateWebhook } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientStack, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

test('validateWebhook() accepts what the receiver got, and nothing else', async () => {
  const receiver = await startWebhookReceiver()
  const { key: secret } = await own.client.webhooks.default.secret.get()
  const { id } = await own.client.predictions.create({
    model: 'augur/digits',
    input: own.row(2).input,
    webhook: receiver.url,
    webhook_events_filter: ['completed'],
  })
  const [webhook] = await receiver.waitFor(1)
  const body = webhook?.body ?? ''
  const header = (name: string) => String(webhook?.headers[name])
  const signed = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    secret,
  }
  expect(JSON.parse(body)).toMatchObject({ id, status: 'succeeded' })
  expect(await validateWebhook({ ...signed, body })).toBe(true)
  expect(await validateWebhook({ ...signed, body: body.replace('succeeded', 'failed') })).toBe(false)
  expect(await validateWebhook({ ...signed, body, timestamp: '1' })).toBe(false)
  await receiver.close()
})
