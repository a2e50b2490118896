import type { KeyLimits } from '@augur/core/access/api-key'
import { createKey } from '@augur/core/access/manage-keys'
import { afterEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

const staticKey = 'a-static-key-of-a-test'
const forever = 1_000_000

let api: TestApi | undefined
afterEach(() => api?.close())

async function start(perSecond: number, env: Record<string, string> = {}): Promise<TestApi> {
  const settings = { AUGUR_MAX_REQUESTS_PER_SECOND: String(perSecond), AUGUR_API_KEY: staticKey, ...env }
  api = await createTestApi(settings)
  return api
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

async function newKey({ context, core }: TestApi, limits: Partial<KeyLimits> = {}): Promise<string> {
  const by = { actor: 'static', tenant: 'default', address: '127.0.0.1' }
  const wanted = {
    name: 'n',
    tenant: 'acme',
    scopes: ['predict', 'read'] as const,
    expiresAt: null,
    ...limits,
  }
  return (await createKey({ ...context, by, now: core.now }, wanted)).text
}

/** The numbers of the field `RateLimit`: what is left, and seconds until there is more. */
function leftIn(response: Response) {
  const [, left, seconds] = /^"requests";r=(\d+);t=(\d+)$/.exec(response.headers.get('ratelimit') ?? '') ?? []
  return { left: Number(left), seconds: Number(seconds) }
}

test('every answer says what the key may send and what is left of it', async () => {
  const { app } = await start(forever)
  for (const path of ['/api/v1/models', '/api/v1/predictions/unknown']) {
    const response = await app.request(path, bearer(staticKey))
    expect(response.headers.get('ratelimit-policy')).toBe(`"requests";q=${forever};w=1`)
    expect(leftIn(response).left).toBeLessThan(forever)
    expect(leftIn(response).seconds).toBe(1)
  }
})

test('more requests than the key may send are refused, and say when it may again', async () => {
  const { app } = await start(2)
  const responses = await Promise.all(
    Array.from({ length: 20 }, async () => app.request('/api/v1/models', bearer(staticKey))),
  )
  const [refused] = responses.filter(({ status }) => status === 429)
  if (refused === undefined) throw new Error('nothing was refused')
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(leftIn(refused).left).toBe(0)
  expect(await problemOf(refused)).toMatchObject({ code: 'rate_limited', status: 429 })
  expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2)
})

test('one key does not use up what another may send', async () => {
  const own = await start(5)
  const { app } = own
  const other = await newKey(own)
  await Promise.all(Array.from({ length: 30 }, async () => app.request('/api/v1/models', bearer(staticKey))))
  expect((await app.request('/api/v1/models', bearer(other))).status).toBe(200)
})

test('requests without a caller are neither counted nor limited', async () => {
  const { app } = await start(1)
  const responses = await Promise.all(Array.from({ length: 10 }, async () => app.request('/livez')))
  expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  expect(responses[0]?.headers.get('ratelimit')).toBeNull()
})

test('without a limit nothing is counted', async () => {
  const { app, core } = await start(0)
  const response = await app.request('/api/v1/models', bearer(staticKey))
  expect(response.headers.get('ratelimit')).toBeNull()
  expect(await core.redis.keys(`${core.keys.requestRate}*`)).toEqual([])
})

test('a tenant that has as many open predictions as it may have is told so with 429', async () => {
  const { create } = await start(0, { AUGUR_MAX_OPEN_PREDICTIONS: '1' })
  const headers = { authorization: `Bearer ${staticKey}` }
  expect((await create(headers)).status).toBe(201)
  const refused = await create(headers)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await problemOf(refused)).toMatchObject({ code: 'quota_exceeded', status: 429 })
})

test('a key may have a rate of its own, also where the settings have none', async () => {
  const own = await start(0)
  const { app } = own
  const limited = await newKey(own, { requestsPerSecond: 1 })
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => app.request('/api/v1/models', bearer(limited))),
  )
  expect(answers.map(({ status }) => status)).toContain(429)
  expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"requests";q=1;w=1')
  expect((await app.request('/api/v1/models', bearer(staticKey))).headers.get('ratelimit')).toBeNull()
})

test('a key for which 0 is set may send any number, whatever the settings say', async () => {
  const own = await start(1)
  const { app } = own
  const unlimited = await newKey(own, { requestsPerSecond: 0 })
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => app.request('/api/v1/models', bearer(unlimited))),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
})

test('a key has as many open predictions as it may have, by the settings or by its own number', async () => {
  const own = await start(0, { AUGUR_MAX_OPEN_PER_CALLER: '1' })
  const [usual, other, more] = [await newKey(own), await newKey(own), await newKey(own, { maxOpen: 2 })]
  const statuses = async (key: string, times: number) => {
    const found: number[] = []
    for (let i = 0; i < times; i++) found.push((await own.create(bearer(key).headers)).status)
    return found
  }
  expect(await statuses(usual, 2)).toEqual([201, 429])
  expect(await statuses(other, 2)).toEqual([201, 429])
  expect(await statuses(more, 3)).toEqual([201, 201, 429])
  expect(await statuses(staticKey, 3)).toEqual([201, 201, 201])
  const [id = ''] = await own.ids('acme')
  const headers = bearer(more).headers
  expect((await own.post(`/api/v1/predictions/${id}/cancel`, '', headers)).status).toBe(200)
  expect(await statuses(more, 2)).toEqual([201, 429])
})
