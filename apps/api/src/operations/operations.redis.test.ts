import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { routesOf } from '../test/route-table.js'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const get = (path: string) => api.app.request(path)
const reasonOf = async () => (await problemOf(await get('/readyz'))).detail

test('ready means that a version is served; alive means only that the process answers', async () => {
  await api.announce('loading')
  expect(await reasonOf()).toBe('A worker is still loading its models.')
  await api.announce('ready')
  expect((await get('/readyz')).status).toBe(200)
  await api.announce('crash_looping')
  expect(await reasonOf()).toBe('No worker is ready for any version.')
  expect((await get('/livez')).status).toBe(200)
})

test('a server that was ready stays so while a worker loads one more version', async () => {
  expect((await get('/readyz')).status).toBe(200)
  const version = { id: 'cd'.repeat(32), model: 'augur/more', label: '1', state: 'loading' as const }
  const more = { worker: 'another', versions: [version], problems: [] }
  await new CatalogueStore(api.core.redis, api.core.keys).announce(more)
  await api.context.catalogue.refresh()
  expect((await get('/readyz')).status).toBe(200)
})

test('a server whose workers come with the work is ready without any, and lets callers wait', async () => {
  const own = await createTestApi({ AUGUR_SCALE_TO_ZERO: 'true', AUGUR_NO_WORKER_GRACE_SECONDS: '0' })
  await own.announce('crash_looping')
  expect((await own.app.request('/readyz')).status).toBe(200)
  const created = await own.create({ prefer: 'wait=1' })
  expect(created.status).toBe(202)
  own.context.stopping = true
  expect((await own.app.request('/readyz')).status).toBe(503)
  await own.close()
})

test('a process that stops is alive and not ready', async () => {
  api.context.stopping = true
  expect(await reasonOf()).toBe('The server is shutting down.')
  expect((await get('/livez')).status).toBe(200)
})

test('metrics measure what the store holds at that moment', async () => {
  await api.create()
  const text = await (await get('/metrics')).text()
  const labels = '{model="augur/test",label="1"}'
  expect(text).toContain(`augur_open_predictions${labels} 1`)
  expect(text).toContain(`augur_audit_gap${labels} 0`)
  expect(text).toContain('augur_queue_depth{model="augur/test",label="1",queue="predictions"} 1')
  expect(text).toContain('augur_queue_depth{model="augur/test",label="1",queue="batches"} 0')
  expect(text).toMatch(/^augur_redis_memory_use_ratio 0(?:\.\d+)?$/m)
  expect(text).toMatch(
    /http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/predictions",status="201"\} 1/,
  )
})

test('refusals are counted by code', async () => {
  await get('/nothing')
  expect(await (await get('/metrics')).text()).toContain('augur_refusals_total{code="not_found"} 1')
})

const description = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

/** What the reference page, the playground and the raw queue view are made of. */
const isAsset = (path: string) =>
  ['/playground/{asset}', '/admin/queues', '/admin/queues/*'].includes(path) ||
  /^\/docs\/[\w-]+\.(?:js|css)$/.test(path)

test('the description is OpenAPI 3.1, and has every route of the app and no other', async () => {
  const { paths, components } = description.parse(await (await get('/openapi.json')).json())
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.replace('x-', '').toUpperCase()} ${path}`),
  )
  const routes = routesOf(api.app)
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
    .filter((route) => !isAsset(route.replace(/^\w+ /, '')))
  expect(described.toSorted()).toEqual(routes.toSorted())
  expect(components.schemas).toHaveProperty('Problem')
})

test('the reference page asks no other host for anything', async () => {
  const page = await get('/docs')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  const html = await page.text()
  expect(html).not.toMatch(/https?:/)
  for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g))
    expect((await get(path)).status).toBe(200)
})

test('the front page greets', async () => {
  expect(await (await get('/')).json()).toHaveProperty('message')
})
