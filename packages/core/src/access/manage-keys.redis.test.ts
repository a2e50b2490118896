import { redisUrl } from '@augur/test-support/redis-url'
import { watchCommands } from '@augur/test-support/watch-commands'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ApiKeyStore } from './api-key-store.js'
import { AuditLog } from './audit-log.js'
import { KeyReader } from './key-reader.js'
import {
  createKey,
  makeKeyOnce,
  type ManageKeysContext,
  revokeKey,
  rotateKey,
  updateKey,
} from './manage-keys.js'

let core: TestContext
let context: ManageKeysContext
let reader: KeyReader
beforeEach(async () => {
  core = await createTestContext()
  context = {
    apiKeys: new ApiKeyStore(core.redis, core.keys),
    auditLog: new AuditLog(core.redis, core.keys),
    by: { actor: 'static', tenant: 'default', address: '127.0.0.1' },
    now: core.now,
  }
  reader = new KeyReader(context.apiKeys, core.now)
})
afterEach(() => core.close())

const wanted = { name: 'laptop', tenant: 'acme', scopes: ['predict', 'read'] as const, expiresAt: null }

async function everythingInRedis(): Promise<string> {
  const names = await core.redis.keys(`${core.prefix}:*`)
  const dumps = await Promise.all(names.map((name) => core.redis.dumpBuffer(name)))
  return `${names.join()}${Buffer.concat(dumps.filter((dump) => dump !== null)).toString('latin1')}`
}

test('a key that was made is found again with its tenant and scopes', async () => {
  const { text, key } = await createKey(context, wanted)
  expect(await reader.find(text)).toEqual(key)
  expect(key).toMatchObject({ tenant: 'acme', name: 'laptop' })
  expect(await context.apiKeys.list(null, 10)).toEqual([key])
})

test('the text of a key is nowhere in Redis', async () => {
  const { text, key } = await createKey(context, wanted)
  await rotateKey(context, key.id, 1000)
  const stored = await everythingInRedis()
  expect(stored).toContain(key.id)
  expect(stored).not.toContain(text.split('_')[2])
})

test('a revoked key is refused by a reader that remembers it within two seconds', async () => {
  const { text, key } = await createKey(context, wanted)
  await reader.find(text)
  await revokeKey(context, key.id)
  core.clock.now += 2000
  expect(await reader.find(text)).toBeNull()
})

test('the first revocation stays', async () => {
  const { key } = await createKey(context, wanted)
  const { revokedAt } = await revokeKey(context, key.id)
  core.clock.now += 1000
  expect((await revokeKey(context, key.id)).revokedAt).toBe(revokedAt)
})

test('a rotated key stays good for the grace, and its successor has its rights', async () => {
  const { text, key } = await createKey(context, wanted)
  const { text: newText, key: newKey } = await rotateKey(context, key.id, 60_000)
  expect(newKey).toMatchObject({ tenant: 'acme', name: 'laptop', scopes: ['predict', 'read'] })
  expect(await reader.find(text)).not.toBeNull()
  core.clock.now += 60_000
  expect(await reader.find(text)).toBeNull()
  expect(await reader.find(newText)).not.toBeNull()
})

test('rotation never makes the old key live longer', async () => {
  const expiresAt = core.clock.now + 1000
  const { text, key } = await createKey(context, { ...wanted, expiresAt })
  await rotateKey(context, key.id, 500)
  await rotateKey(context, key.id, 60_000)
  core.clock.now += 500
  expect(await reader.find(text)).toBeNull()
})

test('a second rotation of a key, after an answer that was lost, gives a successor that lives as long', async () => {
  const expiresAt = core.clock.now + 3_600_000
  const { key } = await createKey(context, { ...wanted, expiresAt })
  await rotateKey(context, key.id, 60_000)
  const { key: second } = await rotateKey(context, key.id, 60_000)
  expect(second).toMatchObject({ expiresAt, retiresAt: null })
})

test('a key that is unknown, revoked or at its end cannot be rotated', async () => {
  await expect(rotateKey(context, 'nothing', 0)).rejects.toMatchObject({ code: 'not_found' })
  const { key: revoked } = await createKey(context, wanted)
  await revokeKey(context, revoked.id)
  const { key: expired } = await createKey(context, { ...wanted, expiresAt: core.clock.now })
  for (const { id } of [revoked, expired])
    await expect(rotateKey(context, id, 0)).rejects.toMatchObject({ code: 'not_found' })
})

test.each(['', 'Acme', '-acme', 'a{b}', 'a:b', 'a*', 'a b', 'ä', `a${'b'.repeat(63)}`])(
  'no key is made for %j, which is no name of a tenant',
  async (tenant) => {
    await expect(createKey(context, { ...wanted, tenant })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await context.apiKeys.list(null, 10)).toEqual([])
  },
)

test('every change leaves one line in the audit log, newest first, without a secret', async () => {
  const { text, key } = await createKey(context, wanted)
  await rotateKey(context, key.id, 0)
  await revokeKey(context, key.id)
  const entries = await context.auditLog.list(null, 10)
  expect(entries.map(({ action, target }) => [action, target])).toEqual([
    ['key.revoke', key.id],
    ['key.rotate', key.id],
    ['key.create', key.id],
  ])
  expect(JSON.stringify(entries)).not.toContain(text)
  expect(entries[0]).toMatchObject({ actor: 'static', address: '127.0.0.1', at: core.clock.now })
  expect(await context.auditLog.list(entries[1]?.id ?? null, 10)).toEqual([entries[2]])
})

test('a change and its line in the audit log are one transaction, and an error in it is told', async () => {
  const { key } = await createKey(context, wanted)
  const own = `127.0.0.1:${core.redis.stream.localPort}`
  const seen: string[] = []
  const watch = await watchCommands(redisUrl(), ([command = ''], client) => {
    if (client === own) seen.push(command)
  })
  await revokeKey(context, key.id)
  await expect.poll(() => seen.join(' ')).toContain('multi hsetnx xadd exec')
  watch.stop()
  await core.redis.set(core.keys.auditLog, 'no stream')
  await expect(revokeKey(context, key.id)).rejects.toThrow('WRONGTYPE')
})

test('limits of a key are kept, inherited by its successor, changed and given back', async () => {
  const { key } = await createKey(context, { ...wanted, maxOpen: 5 })
  expect(key).toMatchObject({ maxOpen: 5, requestsPerSecond: null })
  const { key: successor } = await rotateKey(context, key.id, 0)
  expect(successor).toMatchObject({ maxOpen: 5, requestsPerSecond: null })
  const updated = await updateKey(context, key.id, { maxOpen: null, requestsPerSecond: 0, name: 'desk' })
  expect(updated).toMatchObject({ name: 'desk', maxOpen: null, requestsPerSecond: 0 })
  expect(await context.apiKeys.read(key.id)).toMatchObject({
    name: 'desk',
    maxOpen: null,
    requestsPerSecond: 0,
  })
  const [line] = await context.auditLog.list(null, 1)
  expect(line).toMatchObject({
    action: 'key.update',
    target: key.id,
    detail: { name: 'desk', max_open_predictions: null, requests_per_second: 0 },
  })
  await expect(updateKey(context, 'nothing', { maxOpen: 1 })).rejects.toMatchObject({ code: 'not_found' })
})

test('keys are listed in pages that meet, also where several were made in one millisecond', async () => {
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push((await createKey(context, wanted)).key.id)
  const all: string[] = []
  for (let after: string | null = null, more = true; more; ) {
    const page: { id: string }[] = (await context.apiKeys.list(after, 2)) ?? []
    all.push(...page.map(({ id }) => id))
    after = page.at(-1)?.id ?? null
    more = page.length === 2
  }
  expect(all.toSorted()).toEqual(ids.toSorted())
  expect(await context.apiKeys.list('0'.repeat(12), 2)).toBeNull()
})

test('the audit log keeps its newest entries, and about as many as it may have', async () => {
  const log = new AuditLog(core.redis, core.keys, 100)
  const event = { ...context.by, action: 'key.create', target: 't', detail: {} } as const
  for (let i = 0; i < 500; i++) await log.add({ ...event, detail: { i } }, core.clock.now)
  const entries = await log.list(null, 1000)
  expect(entries.length).toBeGreaterThanOrEqual(100)
  expect(entries.length).toBeLessThan(300)
  expect(entries[0]?.detail).toEqual({ i: 499 })
})

test('a store that is away is asked again, not remembered', async () => {
  const { text } = await createKey(context, wanted)
  let away = true
  const flaky = new KeyReader(
    { read: (id) => (away ? Promise.reject(new Error('away')) : context.apiKeys.read(id)) },
    core.now,
  )
  await expect(flaky.find(text)).rejects.toThrow('away')
  away = false
  expect(await flaky.find(text)).not.toBeNull()
})

test('a key whose creation was taken over while it was held up keeps the text that was shown', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  const once = { ...context, idempotency: core.idempotency }
  let shown: string | null = null
  const held = makeKeyOnce(once, request, async (id) => {
    core.clock.now += 11_000
    shown = (await makeKeyOnce(once, request, (same) => createKey(context, wanted, same))).text
    return createKey(context, wanted, id)
  })
  await expect(held).rejects.toMatchObject({ code: 'idempotency_in_progress' })
  expect(await reader.find(shown ?? '')).toMatchObject({ name: 'laptop' })
  expect(await context.apiKeys.list(null, 10)).toHaveLength(1)
  expect((await makeKeyOnce(once, request, (id) => createKey(context, wanted, id))).text).toBeNull()
})
