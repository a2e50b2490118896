import { newApiKeyText } from '@augur/core/access/api-key'
import { redisUrl } from '@augur/test-support/redis-url'
import { watchCommands } from '@augur/test-support/watch-commands'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createdKeySchema } from '../admin/schemas.js'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

const staticKey = 'a-key-of-some-length'
const asStatic = { authorization: `Bearer ${staticKey}` }
const list = '/api/v1/predictions'
const wanted = { name: 'laptop', tenant: 'acme', scopes: ['read', 'predict'] }

let api: TestApi
beforeEach(async () => {
  api = await createTestApi({ AUGUR_API_KEY: staticKey })
})
afterEach(() => api.close())

type Headers = Record<string, string>
const get = (path: string, headers: Headers = asStatic, on: TestApi = api) =>
  on.app.request(path, { headers })
const post = (path: string, body: unknown, headers: Headers = asStatic) => api.post(path, body, headers)

async function create(more: object = {}): Promise<{ id: string; headers: Headers; text: string }> {
  const response = await post('/admin/keys', { ...wanted, ...more })
  expect(response.status).toBe(201)
  const { id, key } = createdKeySchema.parse(await response.json())
  return { id, text: key, headers: { authorization: `Bearer ${key}` } }
}

test('a missing, a wrong, an unknown, a revoked and an expired key get the same bytes', async () => {
  const revoked = await create()
  await post(`/admin/keys/${revoked.id}/revoke`, '')
  const expired = await create()
  await api.core.redis.hset(api.core.keys.apiKey(expired.id), 'expires_at', 1)
  const good = await create()
  const given = [
    undefined,
    'Bearer wrong',
    `Bearer ${newApiKeyText().text}`,
    `Bearer ${good.text.slice(0, -1)}${good.text.endsWith('A') ? 'B' : 'A'}`,
    revoked.headers.authorization,
    expired.headers.authorization,
  ]
  const answers = given.map(async (authorization) => {
    const headers = { 'x-request-id': 'same', ...(authorization !== undefined && { authorization }) }
    const response = await get(list, headers)
    return [response.status, [...response.headers], await response.text()]
  })
  const [first, ...others] = await Promise.all(answers)
  expect(first?.[0]).toBe(401)
  for (const other of others) expect(other).toEqual(first)
})

test('a key in the query string is ignored', async () => {
  const { text } = await create()
  for (const name of ['key', 'api_key', 'token', 'authorization', 'access_token'])
    expect((await get(`${list}?${name}=${text}`, {})).status).toBe(401)
})

test('a key that is revoked through one process is refused by another within five seconds', async () => {
  const other = await createTestApi({ AUGUR_API_KEY: staticKey, AUGUR_REDIS_PREFIX: api.core.prefix })
  try {
    const { id, headers } = await create()
    expect((await get(list, headers, other)).status).toBe(200)
    await post(`/admin/keys/${id}/revoke`, '')
    const statusOf = async () => (await get(list, headers, other)).status
    await expect.poll(statusOf, { interval: 50 }).toBe(401)
  } finally {
    await other.close()
  }
})

const from = (remoteAddress: string, headers: Headers) =>
  api.app.request(list, { headers }, { incoming: { socket: { remoteAddress } } })
const wrong = { authorization: 'Bearer wrong' }
const statusOfMany = async (times: number, send: () => Response | Promise<Response>) => {
  const statuses: number[] = []
  for (let i = 0; i < times; i++) statuses.push((await send()).status)
  return statuses
}

test('the eleventh wrong key of a minute is told to wait, and those of other addresses are not', async () => {
  const good = await create()
  expect(await statusOfMany(10, () => from('203.0.113.7', wrong))).toEqual(Array(10).fill(401))
  const refused = await from('203.0.113.7', wrong)
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'rate_limited' })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await from('203.0.113.8', wrong)).status).toBe(401)
  expect((await from('203.0.113.7', good.headers)).status).toBe(200)
})

test('the key of the settings cannot be found by trying on, and stays good where it was used', async () => {
  expect((await from('203.0.113.7', asStatic)).status).toBe(200)
  for (const address of ['203.0.113.7', '203.0.113.8']) await statusOfMany(11, () => from(address, wrong))
  expect((await from('203.0.113.7', asStatic)).status).toBe(200)
  const [right, other] = [await from('203.0.113.8', asStatic), await from('203.0.113.8', wrong)]
  expect([right.status, other.status]).toEqual([429, 429])
})

test('a long key of the settings is not kept out by what others send from its address', async () => {
  const long = 'f'.repeat(16) + '0123456789abcdef'
  const other = await createTestApi({ AUGUR_API_KEY: long })
  try {
    const send = (key: string) =>
      other.app.request(
        list,
        { headers: { authorization: `Bearer ${key}` } },
        { incoming: { socket: { remoteAddress: '203.0.113.9' } } },
      )
    await statusOfMany(11, () => send('wrong'))
    expect([(await send('wrong')).status, (await send(long)).status]).toEqual([429, 200])
  } finally {
    await other.close()
  }
})

test('requests without a key are never counted', async () => {
  expect(new Set(await statusOfMany(15, () => from('203.0.113.7', {})))).toEqual(new Set([401]))
})

test('answers and the store hold no key that was sent or made', async () => {
  const seen: string[] = []
  const watch = await watchCommands(redisUrl(), (given) => seen.push(given.join(' ')))
  const { text, headers, id } = await create()
  const bad = newApiKeyText().text
  const sent = [text, bad, staticKey, 'a-guess-of-nobody']
  const answers: string[] = []
  for (const key of sent) {
    const response = await post(
      `/admin/keys/${key}/revoke`,
      { [key]: key },
      { authorization: `Bearer ${key}` },
    )
    answers.push(await response.text(), JSON.stringify([...response.headers]))
  }
  await get(list, headers)
  answers.push(await (await get('/metrics')).text(), await (await get('/admin/keys')).text())
  await expect.poll(() => seen.some((line) => line.includes(id))).toBe(true)
  watch.stop()
  for (const key of sent) {
    const secret = key.split('_').slice(2).join('_') || key
    expect(seen.join('\n')).not.toContain(secret)
    expect(answers.join('\n')).not.toContain(secret)
  }
})

test('while Redis is away a key of the store opens nothing', async () => {
  const { headers } = await create()
  expect((await get(list, headers)).status).toBe(200)
  api.context.redis.disconnect()
  const fresh = { authorization: `Bearer ${newApiKeyText().text}` }
  expect(await problemOf(await get(list, fresh))).toMatchObject({ status: 503, code: 'unavailable' })
})
