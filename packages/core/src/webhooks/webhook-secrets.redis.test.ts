import { randomBytes } from 'node:crypto'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UnsealError } from '../sealing.js'
import { deriveWebhookSecret } from './webhook-secret.js'
import { WebhookSecrets } from './webhook-secrets.js'

const day = 86_400_000
const masterKey = randomBytes(32)
let context: TestContext
let secrets: WebhookSecrets
beforeAll(async () => {
  context = await createTestContext()
  secrets = new WebhookSecrets(context.redis, context.keys, masterKey)
})
afterAll(() => context.close())

const now = 1_800_000_000_000

test('a tenant has the derived secret until it changes that, and its own ones are nobody else’s', async () => {
  expect(await secrets.active('plain', now)).toEqual([deriveWebhookSecret(masterKey, 'plain')])
  await secrets.create('other', now)
  expect(await secrets.active('plain', now)).toEqual([deriveWebhookSecret(masterKey, 'plain')])
})

test('old and new sign until the grace is over, in every process', async () => {
  const { key } = await secrets.rotate('rotating', day, now)
  const elsewhere = new WebhookSecrets(context.redis, context.keys, masterKey)
  const derived = deriveWebhookSecret(masterKey, 'rotating')
  for (const each of [secrets, elsewhere]) {
    expect(await each.active('rotating', now + day - 1)).toEqual([key, derived])
    expect(await each.active('rotating', now + day)).toEqual([key])
  }
})

test('a change made elsewhere is seen after two seconds', async () => {
  const elsewhere = new WebhookSecrets(context.redis, context.keys, masterKey)
  await secrets.active('changing', now)
  const { key } = await elsewhere.create('changing', now)
  expect(await secrets.active('changing', now + 2000)).toContain(key)
})

test('concurrent changes all hold', async () => {
  const created = await Promise.all(Array.from({ length: 7 }, () => secrets.create('busy', now)))
  const keys = (await secrets.list('busy', now)).map(({ key }) => key)
  expect(keys.toSorted()).toEqual(
    [...created.map(({ key }) => key), deriveWebhookSecret(masterKey, 'busy')].toSorted(),
  )
})

test('nothing that is stored holds a secret, and none opens under another master key', async () => {
  const { key } = await secrets.create('sealed', now)
  const stored = (await context.redis.get(context.keys.webhookSecrets('sealed'))) ?? ''
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64')
  for (const text of [key, key.slice(6, 30), bytes.toString('hex')]) expect(stored).not.toContain(text)
  const wrong = new WebhookSecrets(context.redis, context.keys, randomBytes(32))
  await expect(wrong.active('sealed', now)).rejects.toThrow(UnsealError)
})
