import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { InvalidWebhookError, verifyWebhook } from './verify-webhook.js'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const body = '{"id":"a","status":"succeeded"}'

function signed(at = new Date(), by = secret) {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  return {
    'webhook-id': 'msg_a',
    'webhook-timestamp': timestamp,
    'webhook-signature': new Webhook(by).sign('msg_a', at, body),
  }
}

test('what Standard Webhooks signs is verified and parsed', async () => {
  expect(await verifyWebhook({ headers: signed(), body }, secret)).toEqual(JSON.parse(body))
})

test('a Request is one too, and can still be read', async () => {
  const request = new Request('http://receiver.test/hook', { method: 'POST', headers: signed(), body })
  expect(await verifyWebhook(request, secret)).toEqual(JSON.parse(body))
  expect(await request.text()).toBe(body)
})

test('one right signature is enough, while the secret is changed', async () => {
  const headers = signed()
  headers['webhook-signature'] = `v1,AAAA v2,none ${headers['webhook-signature']}`
  expect(await verifyWebhook({ headers, body }, secret)).toEqual(JSON.parse(body))
})

const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
test.each([
  ['another body', { headers: signed(), body: body.replace('succeeded', 'failed') }],
  ['another secret', { headers: signed(new Date(), other), body }],
  ['an old webhook', { headers: signed(new Date(Date.now() - 600_000)), body }],
  ['a time that is none', { headers: { ...signed(), 'webhook-timestamp': 'soon' }, body }],
  ['no signature', { headers: { ...signed(), 'webhook-signature': undefined }, body }],
  ['a signature that is none', { headers: { ...signed(), 'webhook-signature': 'v1,§' }, body }],
])('%s is not taken', async (_, webhook) => {
  await expect(verifyWebhook(webhook, secret)).rejects.toThrow(InvalidWebhookError)
})
