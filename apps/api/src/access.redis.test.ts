import { afterEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from './test/test-api.js'

const key = 'a-key-of-some-length'
const list = '/api/v1/predictions'
let api: TestApi
afterEach(() => api.close())

const get = (path: string, headers: Record<string, string> = {}) => api.app.request(path, { headers })

test('with a key, everything but probes, front page and reference needs it', async () => {
  api = await createTestApi({ AUGUR_API_KEY: key })
  for (const path of [list, '/metrics', '/nothing', '/api/v1/health']) {
    const response = await get(path)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthenticated' })
  }
  for (const path of [
    '/',
    '/livez',
    '/readyz',
    '/docs',
    '/openapi.json',
    '/v2/health/live',
    '/v2/health/ready',
  ])
    expect((await get(path)).status).toBe(200)
  expect((await api.create()).status).toBe(401)
  expect(await api.ids()).toEqual([])
})

test.each(['Bearer', 'Token', 'bearer'])('the key is taken as %s', async (scheme) => {
  api = await createTestApi({ AUGUR_API_KEY: key })
  expect((await get(list, { authorization: `${scheme} ${key}` })).status).toBe(200)
})

test('a missing, a malformed and a wrong key get the same answer', async () => {
  api = await createTestApi({ AUGUR_API_KEY: key })
  const given = [undefined, `Bearer ${key}x`, 'Bearer', `Basic ${key}`, key]
  const answers = given.map(async (authorization) => {
    const { instance: _, ...problem } = await problemOf(
      await get(list, authorization === undefined ? {} : { authorization }),
    )
    return problem
  })
  const [first, ...others] = await Promise.all(answers)
  for (const other of others) expect(other).toEqual(first)
})

test('without a key, a rebound host and a foreign page are refused', async () => {
  api = await createTestApi()
  expect(await problemOf(await get(`http://evil.example:8000${list}`))).toMatchObject({
    status: 403,
    code: 'forbidden',
  })
  const posted = await api.create({ origin: 'https://evil.example' })
  expect(await problemOf(posted)).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await api.ids()).toEqual([])
})

test('a configured origin may call, and others learn nothing of it', async () => {
  api = await createTestApi({ AUGUR_CORS_ORIGINS: 'https://app.example' })
  const response = await get(list, { origin: 'https://app.example' })
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example')
  const other = await get(list, { origin: 'https://evil.example' })
  expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null])
})

test('a preflight needs no key', async () => {
  api = await createTestApi({ AUGUR_CORS_ORIGINS: 'https://app.example', AUGUR_API_KEY: key })
  const preflight = await api.app.request(list, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key')
})

test('answers name the server by its public URL where there is one', async () => {
  api = await createTestApi({ AUGUR_PUBLIC_URL: 'https://augur.example/' })
  expect((await api.create()).headers.get('location')).toMatch(
    /^https:\/\/augur\.example\/api\/v1\/predictions\//,
  )
})

test('a request keeps a usable id of its own, and gets one otherwise', async () => {
  api = await createTestApi()
  expect((await get('/', { 'x-request-id': 'mine-1' })).headers.get('x-request-id')).toBe('mine-1')
  expect((await get('/', { 'x-request-id': 'not mine' })).headers.get('x-request-id')).not.toBe('not mine')
})
