import { testVersion } from '@augur/test-support/test-context'
import { afterEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from './test/test-api.js'

let api: TestApi
afterEach(() => api.close())

const create = (headers: Record<string, string> = {}) => api.create(headers)

async function refusalOf(response: Response) {
  const { status, code } = await problemOf(response)
  return { status, code, retryAfter: response.headers.get('retry-after') }
}

test('beyond the depth of a version nothing is created, and its caller is told when to come back', async () => {
  api = await createTestApi({ AUGUR_MAX_OPEN_PER_VERSION: '2' })
  const created = [await create(), await create()]
  expect(created.map(({ status }) => status)).toEqual([201, 201])
  // One that was under way while they were created may have missed them.
  await api.context.queueDepths.refresh()
  expect(await refusalOf(await create())).toEqual({ status: 503, code: 'overloaded', retryAfter: '5' })
  const ids = await api.ids()
  expect(ids).toHaveLength(2)
  await api.work(ids[0] ?? '')
  await api.context.queueDepths.refresh()
  expect((await create()).status).toBe(201)
})

test('a repeat of what was accepted is answered also when the version takes nothing more', async () => {
  api = await createTestApi({ AUGUR_MAX_OPEN_PER_VERSION: '1' })
  const once = { 'idempotency-key': 'once' }
  expect((await create(once)).status).toBe(201)
  await api.context.queueDepths.refresh()
  expect((await create()).status).toBe(503)
  expect((await create(once)).headers.get('idempotency-replayed')).toBe('true')
})

test('who may not wait any more creates nothing, and may still submit', async () => {
  api = await createTestApi({ AUGUR_MAX_TENANT_WAITING: '1' })
  const first = create({ prefer: 'wait=50' })
  const id = await api.held()
  expect((await refusalOf(await create({ prefer: 'wait=5' }))).code).toBe('quota_exceeded')
  const refused = await api.app.request(`/api/v1/predictions/${id}?wait=5`)
  expect(await refusalOf(refused)).toEqual({ status: 429, code: 'quota_exceeded', retryAfter: '1' })
  const before = (await api.ids()).length
  expect((await create()).status).toBe(201)
  expect(await api.ids()).toHaveLength(before + 1)
  api.context.waiting.stop()
  expect((await first).status).toBe(202)
})

test('a body of too many values is refused before it is parsed', async () => {
  api = await createTestApi({ AUGUR_MAX_JSON_VALUES: '1000' })
  const input = { ...validInput, more: Array.from({ length: 2000 }, () => 1) }
  const response = await api.post('/api/v1/predictions', { version: testVersion.id, input })
  expect(await refusalOf(response)).toMatchObject({ status: 400, code: 'invalid_json' })
})

const pages = ['/', '/docs', '/docs/errors']
const answers = [
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/docs/swagger-ui.js',
  '/api/v1/models',
  '/api/v1/predictions',
  '/v2',
  '/v2/models/nothing',
  '/admin/keys',
  '/nothing',
]

test('no answer may be taken for another type, and what it loads comes from this server', async () => {
  api = await createTestApi()
  const faults: string[] = []
  for (const path of [...pages, ...answers]) {
    const { headers } = await api.app.request(path, { headers: { accept: 'text/html, application/json' } })
    faults.push(...headerFaults(headers, path.endsWith('.js')).map((fault) => `${path}: ${fault}`))
  }
  expect(faults).toEqual([])
})

test('what has no body, and what somebody uploaded, is guarded like anything else', async () => {
  api = await createTestApi()
  const ended = (await (await create()).json()) as { id: string }
  const form = new FormData()
  form.set('content', new Blob(['<script>']), 'page.html')
  const file = (await (await api.app.request('/api/v1/files', { method: 'POST', body: form })).json()) as {
    id: string
  }
  const asked = [
    ['OPTIONS', '/api/v1/predictions', 204],
    ['GET', `/api/v1/files/${file.id}/download`, 200],
    ['HEAD', `/api/v1/files/${file.id}/download`, 200],
    ['DELETE', `/api/v1/files/${file.id}`, 204],
    ['DELETE', `/api/v1/predictions/${ended.id}`, 204],
    ['POST', '/admin/queues/session', 204],
  ] as const
  for (const [method, path, status] of asked) {
    const response = await api.app.request(path, { method })
    expect([path, response.status]).toEqual([path, status])
    expect(headerFaults(response.headers, false)).toEqual([])
    expect(response.headers.get('cache-control')).toMatch(/no-store/)
  }
})

test('a refusal for a quota says which one is used up, and how much it is', async () => {
  api = await createTestApi({
    AUGUR_MAX_OPEN_PREDICTIONS: '1',
    AUGUR_MAX_FILES: '1',
    AUGUR_MAX_OPEN_BATCHES: '1',
    AUGUR_MAX_REQUESTS_PER_SECOND: '1000000',
  })
  const upload = () => {
    const form = new FormData()
    form.set('content', new Blob(['1']), 'a.txt')
    return api.app.request('/api/v1/files', { method: 'POST', body: form })
  }
  const batch = () =>
    api.post('/api/v1/batches', { version: testVersion.id, inputs: [validInput, validInput] })
  const quotas = [
    { name: 'open-predictions-of-tenant', seconds: 1, ask: () => create() },
    { name: 'files', seconds: 60, ask: upload },
    { name: 'open-batches', seconds: 5, ask: batch },
  ]
  for (const { name, seconds, ask } of quotas) {
    const [accepted, refused] = [await ask(), await ask()]
    expect([name, accepted.status, refused.status]).toEqual([name, 201, 429])
    expect(accepted.headers.get('ratelimit-policy')).toBe('"requests";q=1000000;w=1')
    expect(refused.headers.get('ratelimit-policy')).toBe(`"requests";q=1000000;w=1, "${name}";q=1`)
    expect(refused.headers.get('ratelimit')).toMatch(
      new RegExp(`^"requests";r=\\d+;t=1, "${name}";r=0;t=${seconds}$`),
    )
  }
})

test('how deep JSON may nest is for the operator to say', async () => {
  api = await createTestApi({ AUGUR_MAX_JSON_DEPTH: '40' })
  const nesting = (depth: number) => `{"version":"x","input":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const codeOf = async (depth: number) =>
    (await refusalOf(await api.post('/api/v1/predictions', nesting(depth)))).code
  expect([await codeOf(39), await codeOf(40)]).toEqual(['invalid_input', 'invalid_json'])
})

function headerFaults(headers: Headers, isAsset: boolean): string[] {
  const policy = headers.get('content-security-policy') ?? ''
  const faults: [string, boolean][] = [
    ['a browser may guess its type', headers.get('x-content-type-options') !== 'nosniff'],
    ['no policy', !isAsset && !/default-src '(?:none|self)'/.test(policy)],
    ['a policy with holes', /https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/.test(policy)],
    ['it says what it is made of', headers.has('x-powered-by') || headers.has('server')],
  ]
  return faults.filter(([, isFault]) => isFault).map(([fault]) => fault)
}
