import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { routeTable } from './test/route-table.js'
import { serveWaiting } from './test/serve-waiting.js'
import { createTestApi, problemOf, type TestApi } from './test/test-api.js'
import { createTenant, type Tenant } from './test/two-tenants.js'

/** What a record or a key holds and no caller says. */
const serversOwn = [
  'id',
  'tenant',
  'status',
  'attempt',
  'attempts',
  'token',
  'epoch',
  'class',
  'form',
  'label',
  'output',
  'error',
  'error_code',
  'created_at',
  'completed_at',
  'provenance',
  'data_removed',
  'scopes',
  'owner',
]
/** Those that no body may name at all. */
const treacherous = ['constructor', '__proto__', 'prototype']

let api: TestApi
let worker: ReturnType<typeof serveWaiting>
let acme: Tenant
beforeAll(async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
  worker = serveWaiting(api)
  acme = await createTenant(api, 'acme')
})
beforeEach(() => api.announce('ready'))
afterAll(async () => {
  await worker.stop()
  await api.close()
})

const names = {
  predictionId: '',
  cursorId: '',
  idempotencyKey: '',
  fileId: '',
  batchId: '',
  replayId: '',
  deliveryId: '',
}
const creates = Object.entries(routeTable).flatMap(([route, { takes, request }]) =>
  takes.includes('idempotencyKey') ? [[route, request(names)] as const] : [],
)

/** Without names that are refused wherever they stand. */
const jsonValue = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !treacherous.some((name) => JSON.stringify(value).includes(`"${name}"`)))

/** As text, since an object literal has no own `__proto__`. */
const withMember = (body: object | undefined, name: string, value: unknown) =>
  `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`

test.each(creates)('%s takes no field that is not its own', async (_, { path, body }) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...serversOwn, ...treacherous), jsonValue, async (name, value) => {
      const problem = await problemOf(await api.post(path, withMember(body, name, value), acme.headers))
      const isRefusedAsJson = treacherous.includes(name)
      expect(problem).toMatchObject(
        isRefusedAsJson ? { status: 400, code: 'invalid_json' } : { status: 422, code: 'invalid_input' },
      )
    }),
    { numRuns: 100 },
  )
  expect(await api.ids('acme')).toEqual([])
})

test.each(serversOwn)('a form takes %s for input, which the model refuses', async (name) => {
  const form = new FormData()
  form.set('x', '[1,2,3]')
  form.set(name, 'globex')
  const response = await api.app.request('/api/v1/predict', {
    method: 'POST',
    headers: acme.headers,
    body: form,
  })
  expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid_input' })
  expect(await api.ids('acme')).toEqual([])
})

test.each(treacherous)('a form may have no part %s', async (name) => {
  const form = new FormData()
  form.set('x', '[1,2,3]')
  form.set(name, '{"polluted":true}')
  const { headers } = acme
  const response = await api.app.request('/api/v1/predict', { method: 'POST', headers, body: form })
  expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_request' })
})

test('infer, whose clients send members of their own, heeds none that is not of the protocol', async () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }]
  const given = Object.fromEntries(serversOwn.map((name) => [name, 'globex']))
  const response = await api.post('/v2/models/test/infer', { ...given, inputs }, acme.headers)
  expect(response.status).toBe(200)
  const [id = ''] = await api.ids('acme')
  expect(await api.core.predictions.read(id)).toMatchObject({
    tenant: 'acme',
    status: 'succeeded',
    attempt: 1,
  })
  expect(id).not.toBe('globex')
  expect(await api.ids('globex')).toEqual([])
})
