import { testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createdKeySchema, keySchema } from '../admin/schemas.js'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { predictionSchema } from './schemas.js'

let api: TestApi
let admin: Awaited<ReturnType<TestApi['signIn']>>
beforeAll(async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
  admin = await api.signIn('default')
})
afterAll(() => api.close())

const url = 'https://hooks.example.com/mine'
const ofKey = { webhook: url, webhook_events_filter: ['start', 'completed'] }

const newKey = (more: object) =>
  api.post('/admin/keys', { name: 'n', tenant: 'acme', scopes: ['predict', 'read'], ...more }, admin)

async function keyWithWebhook() {
  const { id, key } = createdKeySchema.parse(await (await newKey(ofKey)).json())
  return { id, headers: { authorization: `Bearer ${key}` } }
}

async function webhookOf(headers: Record<string, string>, more: object) {
  const body = { version: testVersion.id, input: validInput, ...more }
  const response = await api.post('/api/v1/predictions', body, headers)
  const { webhook, webhook_events_filter: events } = predictionSchema.parse(await response.json())
  return [webhook, events]
}

test('a prediction that names no webhook has that of its key, and one that names another has that', async () => {
  const { headers } = await keyWithWebhook()
  expect(await webhookOf(headers, {})).toEqual([url, ['start', 'completed']])
  expect(await webhookOf(headers, { webhook_events_filter: ['start'] })).toEqual([url, ['start']])
  expect(await webhookOf(headers, { webhook: 'https://other.example.com/' })).toEqual([
    'https://other.example.com/',
    ['start', 'output', 'logs', 'completed'],
  ])
  expect(await webhookOf(headers, { webhook: null })).toEqual([undefined, undefined])
})

test('the webhook of a key is shown with it, and goes when it is set to null', async () => {
  const { id } = await keyWithWebhook()
  const change = (body: object) =>
    api.app.request(`/admin/keys/${id}`, {
      method: 'PATCH',
      headers: { ...admin, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect(keySchema.parse(await (await change({ name: 'other' })).json())).toMatchObject(ofKey)
  const without = keySchema.parse(await (await change({ webhook: null })).json())
  expect(without).toMatchObject({ webhook: null, webhook_events_filter: null })
})

test.each([
  [{ webhook: 'https://10.0.0.1/' }, 'url_not_allowed'],
  [{ webhook: url, webhook_events_filter: [] }, 'invalid_input'],
  [{ webhook_events_filter: ['start'] }, 'invalid_input'],
  [{ webhook: null, webhook_events_filter: ['start'] }, 'invalid_input'],
])('a key is refused %j', async (more, code) => {
  expect((await problemOf(await newKey(more))).code).toBe(code)
})
