import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrediction } from '../predictions/create-prediction.js'
import { ApiKeyStore } from './api-key-store.js'
import { AuditLog } from './audit-log.js'
import { disableDefaultWebhook } from './disable-default-webhook.js'
import { createKey } from './manage-keys.js'

let context: TestContext
let apiKeys: ApiKeyStore
let auditLog: AuditLog
beforeAll(async () => {
  context = await createTestContext()
  apiKeys = new ApiKeyStore(context.redis, context.keys)
  auditLog = new AuditLog(context.redis, context.keys)
})
afterAll(() => context.close())

const url = 'https://hooks.example.com/a'
const events = ['start', 'completed'] as const

async function keyWithWebhook() {
  const by = { actor: 'local', tenant: 'default', address: '127.0.0.1' }
  const { key } = await createKey(
    { apiKeys, auditLog, by, now: context.now },
    { name: 'n', tenant: 'default', scopes: ['predict'], expiresAt: null, webhook: { url, events } },
  )
  return key
}

async function deliveryOf(keyId: string | null, webhook: string): Promise<string> {
  const { prediction } = await createPrediction(
    { ...context, keyId, maxOpenOfKey: 0 },
    {
      version: testVersion,
      input: '{"x":[1,2,3]}',
      webhook,
      webhookEvents: ['completed'],
      class: 'submission',
      form: 'pipeline',
      idempotency: null,
    },
  )
  return `${prediction.id}.completed`
}

test('the default webhook of a key is stored with it and read again', async () => {
  const { id } = await keyWithWebhook()
  expect((await apiKeys.read(id))?.webhook).toEqual({ url, events })
})

test('410 takes the default away and leaves a line in the audit log', async () => {
  const { id } = await keyWithWebhook()
  await disableDefaultWebhook({ ...context, apiKeys, auditLog }, await deliveryOf(id, url), url)
  expect((await apiKeys.read(id))?.webhook).toBeNull()
  const [line] = await auditLog.list(null, 1)
  expect(line).toMatchObject({ action: 'key.update', target: id, actor: 'worker', detail: { webhook: null } })
})

test('a webhook that was named with the prediction disables nothing', async () => {
  const { id } = await keyWithWebhook()
  const other = 'https://hooks.example.com/b'
  await disableDefaultWebhook({ ...context, apiKeys, auditLog }, await deliveryOf(id, other), other)
  await disableDefaultWebhook({ ...context, apiKeys, auditLog }, await deliveryOf(null, url), url)
  expect((await apiKeys.read(id))?.webhook).toEqual({ url, events })
})
