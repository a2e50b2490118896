import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

const key = 'a-static-key-of-a-test-that-is-long'
const signedIn = { authorization: `Bearer ${key}` }
let api: TestApi
beforeEach(async () => {
  api = await createTestApi({ AUGUR_API_KEY: key })
})
afterEach(() => api.close())

const get = (path: string, headers: Record<string, string> = signedIn) => api.app.request(path, { headers })
const pagesQueue = z.object({
  name: z.string(),
  displayName: z.string(),
  readOnlyMode: z.boolean(),
  counts: z.record(z.string(), z.number()),
  jobs: z.array(z.object({ id: z.string(), data: z.unknown() })),
})
const queuesOf = async (path: string) =>
  z.object({ queues: z.array(pagesQueue) }).parse(await (await get(path)).json()).queues

test('the queues of each version are there under its name, and nobody can change them', async () => {
  const created = await api.create(signedIn)
  const { id } = z.object({ id: z.string() }).parse(await created.json())
  const active = `predict-${testVersion.id}`
  const queues = await queuesOf(
    `/admin/queues/api/queues?activeQueue=${active}&status=latest&page=1&jobsPerPage=10`,
  )
  expect(queues.map(({ displayName }) => displayName)).toEqual([
    'webhook deliveries',
    'augur/test 1',
    'augur/test 1, batches',
    'augur/test 1, shadows',
  ])
  expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true)
  const shown = queues.find(({ name }) => name === active)
  expect(shown?.counts.prioritized).toBe(1)
  expect(shown?.jobs.map((job) => job.id)).toEqual([`${id}.0`])
  expect(shown?.jobs[0]?.data).toEqual({ kind: 'prediction', id, epoch: 0, class: 'submission' })
  const path = `/admin/queues/api/queues/${active}/${id}.0/clean`
  const changed = await api.app.request(path, { method: 'PUT', headers: signedIn })
  expect(changed.status).toBeGreaterThanOrEqual(400)
  expect(await api.core.queues.has(api.core.target, [{ id, epoch: 0 }])).toEqual([true])
})

test('its page and all that belongs to it come from this server alone', async () => {
  const page = await get('/admin/queues/')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  const html = await page.text()
  expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  const linked = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg|png))"/g)].map(
    ([, path = '']) => path,
  )
  expect(linked.length).toBeGreaterThan(3)
  for (const path of linked) expect((await get(`/admin/queues/${path}`)).status).toBe(200)
})

test('a browser that was let in by a key is let in by its cookie, for a while and there alone', async () => {
  expect(await problemOf(await get('/admin/queues/', {}))).toMatchObject({ status: 401 })
  const session = await api.app.request('/admin/queues/session', { method: 'POST', headers: signedIn })
  expect(session.status).toBe(204)
  const set = session.headers.get('set-cookie') ?? ''
  expect(set).toMatch(/Max-Age=900; Path=\/admin\/queues; HttpOnly; SameSite=Strict$/)
  const cookie = set.slice(0, set.indexOf(';'))
  expect((await get('/admin/queues/', { cookie })).status).toBe(200)
  expect((await get('/admin/queues/api/queues', { cookie })).status).toBe(200)
  expect((await get('/admin/keys', { cookie })).status).toBe(401)
  expect((await get('/admin/queues/', { cookie: `${cookie}x` })).status).toBe(401)
})

test('a key without the scope admin opens nothing', async () => {
  const reader = await api.signIn('acme', ['read', 'predict', 'models', 'webhooks'])
  expect((await get('/admin/queues/', reader)).status).toBe(403)
  const session = await api.app.request('/admin/queues/session', { method: 'POST', headers: reader })
  expect(session.status).toBe(403)
})
