import { newApiKeyText } from '@augur/core/access/api-key'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { auditPageSchema, createdKeySchema, keyPageSchema, keySchema } from './schemas.js'
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
const get = (path: string, headers: Headers = asStatic) => api.app.request(path, { headers })
const post = (path: string, body: unknown, headers: Headers = asStatic) => api.post(path, body, headers)
const patch = (id: string, body: unknown, headers: Headers = asStatic) =>
  api.app.request(`/admin/keys/${id}`, {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

async function create(more: object = {}): Promise<{ id: string; headers: Headers; text: string }> {
  const response = await post('/admin/keys', { ...wanted, ...more })
  expect(response.status).toBe(201)
  const { id, key } = createdKeySchema.parse(await response.json())
  return { id, text: key, headers: { authorization: `Bearer ${key}` } }
}

const listed = async () => keyPageSchema.parse(await (await get('/admin/keys')).json()).results
const audited = async () => auditPageSchema.parse(await (await get('/admin/audit')).json()).results

test('a key is shown once, works at once, and belongs to its tenant', async () => {
  const response = await post('/admin/keys', wanted)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const { key, ...rest } = createdKeySchema.parse(await response.json())
  expect(rest).toMatchObject({
    name: 'laptop',
    tenant: 'acme',
    scopes: ['predict', 'read'],
    expires_at: null,
  })
  const asAcme = { authorization: `Token ${key}` }
  expect((await api.create(asAcme)).status).toBe(201)
  expect(await api.ids('acme')).toHaveLength(1)
  const [first] = await listed()
  expect(first).toEqual(rest)
  expect(await (await get('/admin/keys')).text()).not.toMatch(/digest|[0-9a-f]{64}|_[\w-]{43}/)
})

test('a repeated create of a key makes no second one, and shows its text no second time', async () => {
  const named = { ...asStatic, 'idempotency-key': 'key-1' }
  const first = createdKeySchema.parse(await (await post('/admin/keys', wanted, named)).json())
  const repeated = await post('/admin/keys', wanted, named)
  expect(repeated.status).toBe(200)
  expect(repeated.headers.get('idempotency-replayed')).toBe('true')
  const { key, ...rest } = first
  const text = await repeated.text()
  expect(JSON.parse(text)).toEqual(rest)
  expect(text).not.toContain(key)
  expect(await listed()).toHaveLength(1)
  expect((await api.create({ authorization: `Bearer ${key}` })).status).toBe(201)
  const other = await post('/admin/keys', { ...wanted, name: 'desktop' }, named)
  expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
})

test('creates of a key with one Idempotency-Key at the same time make one key, whose text one of them is shown', async () => {
  const named = { ...asStatic, 'idempotency-key': 'key-1' }
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => post('/admin/keys', wanted, named)),
  )
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(1)
  expect(statuses.every((status) => [200, 201, 409].includes(status))).toBe(true)
  expect(await listed()).toHaveLength(1)
})

test('a repeated rotation of a key makes no second successor', async () => {
  const { id } = await create()
  const rotate = () => post(`/admin/keys/${id}/rotate`, {}, { ...asStatic, 'idempotency-key': 'rotation-1' })
  const first = createdKeySchema.parse(await (await rotate()).json())
  const repeated = await rotate()
  expect(repeated.status).toBe(200)
  expect(keySchema.parse(await repeated.json()).id).toBe(first.id)
  expect(await listed()).toHaveLength(2)
})

test.each([
  { status: 'active' },
  { id: '0'.repeat(12) },
  { digest: '0'.repeat(64) },
  { revoked_at: null },
  { created_at: 0 },
  { tenant: 'Acme' },
  { tenant: 'a:b' },
  { tenant: '*' },
  { tenant: '{x}' },
  { scopes: [] },
  { scopes: ['all'] },
  { name: '' },
  { name: 'red \u001b[31m' },
  { expires_in_seconds: 0 },
  { max_open_predictions: -1 },
  { max_open_predictions: '5' },
  { requests_per_second: 1.5 },
])('%j makes no key', async (more) => {
  const problem = await problemOf(await post('/admin/keys', { ...wanted, ...more }))
  expect(problem).toMatchObject({ status: 422, code: 'invalid_input' })
  expect(await listed()).toEqual([])
})

test('a rotated key and its successor are both good during the grace', async () => {
  const old = await create({ expires_in_seconds: 3600 })
  const response = await post(`/admin/keys/${old.id}/rotate`, { grace_seconds: 60 })
  const successor = createdKeySchema.parse(await response.json())
  expect(successor).toMatchObject({ ...wanted, scopes: ['predict', 'read'], retires_at: null })
  expect(await listed()).toMatchObject([{ id: old.id, retires_at: expect.any(String) }, { id: successor.id }])
  for (const key of [old.text, successor.key])
    expect((await get(list, { authorization: `Bearer ${key}` })).status).toBe(200)
})

test('limits of a key are set with it, changed later, and given back to the settings', async () => {
  const { id } = await create({ max_open_predictions: 5 })
  expect(await listed()).toMatchObject([{ id, max_open_predictions: 5, requests_per_second: null }])
  const changes = { name: 'desk', max_open_predictions: null, requests_per_second: 50 }
  const response = await patch(id, changes)
  expect(response.status).toBe(200)
  expect(keySchema.parse(await response.json())).toMatchObject({ id, ...changes })
  expect(await listed()).toMatchObject([{ id, ...changes }])
  expect((await audited())[0]).toMatchObject({ action: 'key.update', target: id, detail: changes })
})

test.each([{}, { scopes: ['admin'] }, { tenant: 'globex' }, { requests_per_second: -1 }, { name: '' }])(
  '%j changes nothing of a key',
  async (changes) => {
    const { id } = await create()
    const before = await listed()
    expect(await problemOf(await patch(id, changes))).toMatchObject({ status: 422, code: 'invalid_input' })
    expect(await listed()).toEqual(before)
    expect(await audited()).toHaveLength(1)
  },
)

test('keys are listed in pages that meet', async () => {
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push((await create({ name: `key ${i}` })).id)
  const found: string[] = []
  for (let path: string | null = '/admin/keys?limit=2'; path !== null; ) {
    const page = keyPageSchema.parse(await (await get(path)).json())
    expect(page.results.length).toBeLessThanOrEqual(2)
    found.push(...page.results.map(({ id }) => id))
    path = page.next
  }
  expect(found.toSorted()).toEqual(ids.toSorted())
  for (const cursor of ['-', '0'.repeat(12)])
    expect(await problemOf(await get(`/admin/keys?cursor=${cursor}`))).toMatchObject({ status: 400 })
})

test('an id that no key has is not found, whatever it holds', async () => {
  for (const id of ['0'.repeat(12), '*', '%7Bx%7D', 'a%3Ab', newApiKeyText().text]) {
    const answers = [
      await post(`/admin/keys/${id}/revoke`, ''),
      await post(`/admin/keys/${id}/rotate`, { grace_seconds: 0 }),
      await patch(id, { name: 'n' }),
    ]
    for (const answer of answers) expect(await problemOf(answer)).toMatchObject({ status: 404 })
  }
  expect(await audited()).toEqual([])
})

test('every change leaves one line that says who, what, when and from where', async () => {
  const { id } = await create()
  const admin = await create({ name: 'admin', tenant: 'ops', scopes: ['admin', 'webhooks'] })
  const env = { incoming: { socket: { remoteAddress: '203.0.113.7' } } }
  await api.app.request(`/admin/keys/${id}/revoke`, { method: 'POST', headers: admin.headers }, env)
  const who = { actor: admin.id, tenant: 'ops', address: '203.0.113.7' }
  expect(await audited()).toMatchObject([
    { action: 'key.revoke', target: id, ...who },
    { action: 'key.create', target: admin.id, actor: 'static', tenant: 'default', detail: { tenant: 'ops' } },
    { action: 'key.create', target: id, actor: 'static' },
  ])
})

test('a load of a model leaves a line once it was asked for', async () => {
  expect((await post('/v2/repository/models/test/load', {})).status).toBe(200)
  expect((await post('/v2/repository/models/nothing/unload', {})).status).toBe(404)
  expect(await audited()).toMatchObject([{ action: 'model.load', target: 'augur/test', actor: 'static' }])
})

test('the audit log is read in pages that meet', async () => {
  for (let i = 0; i < 5; i++) await create({ name: `key ${i}` })
  const names: unknown[] = []
  for (let path: string | null = '/admin/audit?limit=2'; path !== null; ) {
    const page = auditPageSchema.parse(await (await get(path)).json())
    names.push(...page.results.map(({ detail }) => detail.name))
    path = page.next
  }
  expect(names).toEqual([4, 3, 2, 1, 0].map((i) => `key ${i}`))
  expect((await get('/admin/audit?cursor=-')).status).toBe(400)
})

test('keys and audit log are for admins', async () => {
  const { headers, id } = await create({ scopes: ['predict', 'read', 'webhooks', 'models'] })
  const answers = [
    await get('/admin/keys', headers),
    await get('/admin/audit', headers),
    await post('/admin/keys', wanted, headers),
    await post(`/admin/keys/${id}/rotate`, {}, headers),
    await patch(id, { name: 'n' }, headers),
    await post(`/admin/keys/${id}/revoke`, '', headers),
  ]
  for (const answer of answers)
    expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await listed()).toHaveLength(1)
})
