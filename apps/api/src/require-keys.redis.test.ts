import { createKey, revokeKey } from '@augur/core/access/manage-keys'
import { afterEach, expect, test } from 'vitest'
import { requireKeys } from './require-keys.js'
import { createTestApi, type TestApi } from './test/test-api.js'

let api: TestApi
afterEach(() => api.close())

async function refusals(): Promise<string[]> {
  const reasons: string[] = []
  await requireKeys(api.context, (reason) => reasons.push(reason))
  return reasons
}

const reachable = { HOST: '0.0.0.0' }

test('a server that others can reach is refused until there is a key that is good', async () => {
  api = await createTestApi(reachable)
  expect(await refusals()).toEqual([expect.stringMatching(/^HOST=0\.0\.0\.0 is reachable.*AUGUR_API_KEY/)])
  await api.signIn('acme')
  expect(await refusals()).toEqual([])
})

test('keys that are all revoked or expired are none', async () => {
  api = await createTestApi(reachable)
  const context = { ...api.context, by: { actor: 'local', tenant: 'default', address: '127.0.0.1' } }
  const wanted = { name: 'n', tenant: 'acme', scopes: [], expiresAt: null }
  const { key } = await createKey(context, wanted)
  await revokeKey(context, key.id)
  await createKey(context, { ...wanted, expiresAt: api.context.now() })
  expect(await refusals()).toHaveLength(1)
})

test('the key of the settings is enough, and on loopback none is needed', async () => {
  api = await createTestApi({ ...reachable, AUGUR_API_KEY: 'k'.repeat(16) })
  expect(await refusals()).toEqual([])
  await api.close()
  api = await createTestApi()
  expect(await refusals()).toEqual([])
})

test('where a key is asked for on loopback, nobody could come in without one either', async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
  expect(await refusals()).toEqual([expect.stringMatching(/^AUGUR_REQUIRE_KEY/)])
})

test('behind a proxy that is named, this machine is everybody, and a key is asked for', async () => {
  api = await createTestApi({ AUGUR_TRUSTED_PROXIES: '127.0.0.1' })
  expect(await refusals()).toEqual([expect.stringMatching(/^AUGUR_TRUSTED_PROXIES/)])
  expect((await api.create()).status).toBe(401)
})
