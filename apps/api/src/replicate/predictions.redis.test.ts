import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { predictionPageSchema, predictionSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const read = async (response: Response) => predictionSchema.parse(await response.json())
const get = async (id: string) => read(await api.app.request(`/api/v1/predictions/${id}`))

test('a create without Prefer answers 201 at once with the URL to poll', async () => {
  const response = await api.create()
  expect(response.status).toBe(201)
  const prediction = await read(response)
  expect(prediction).toMatchObject({ status: 'starting', input: validInput, output: null, queue_position: 0 })
  expect(response.headers.get('location')).toBe(prediction.urls.get)
  expect(prediction.urls.get).toBe(`http://localhost/api/v1/predictions/${prediction.id}`)
  expect(await get(prediction.id)).toEqual(prediction)
})

test('queue_position counts the predictions that came before', async () => {
  await api.create()
  expect(await read(await api.create())).toMatchObject({ queue_position: 1 })
})

test('a poll sees the result once a worker wrote it', async () => {
  const { id } = await read(await api.create())
  await api.work(id)
  const prediction = await get(id)
  expect(prediction).toMatchObject({ status: 'succeeded', output: { y: [2, 4, 6] }, error: null })
  expect(prediction.metrics?.total_time).toBeGreaterThanOrEqual(0)
})

test('Prefer: wait answers 201 with the terminal prediction as soon as it ends', async () => {
  const response = api.create({ prefer: 'wait=30' })
  await api.work(await api.held())
  const { status, headers } = await response
  expect(status).toBe(201)
  expect(headers.get('preference-applied')).toBe('wait=30')
  expect(await read(await response)).toMatchObject({ status: 'succeeded', output: { y: [2, 4, 6] } })
})

test('what was accepted is answered with its id, also when the payload store cannot be read', async () => {
  api.context.payloads.read = async (payload) => {
    if (payload !== null) throw new Error('the payload store is away')
    return null
  }
  const created = await api.create()
  expect(created.status).toBe(201)
  const { id, ...rest } = await read(created)
  expect(rest).toMatchObject({ status: 'starting', input: validInput })
  await api.work(id)
  const waited = api.create({ prefer: 'wait=30' })
  await api.work(await api.held())
  expect((await waited).status).toBe(202)
  expect(await read(await waited)).toMatchObject({ status: 'starting', input: validInput, output: null })
  const predicted = api.post('/api/v1/predict', { input: validInput })
  await api.work(await api.held())
  expect((await predicted).status).toBe(202)
})

test('a wait that runs out answers 202 and starting, even while the prediction runs', async () => {
  const response = api.create({ prefer: 'wait=3' })
  const id = await api.held()
  await api.core.predictions.claim([{ id, epoch: 0, token: 't' }], Date.now())
  expect((await response).status).toBe(202)
  const prediction = await read(await response)
  expect(prediction).toMatchObject({ id, status: 'starting', output: null })
  expect(prediction.started_at).toBeUndefined()
  expect(await get(id)).toMatchObject({ status: 'processing' })
})

test('a client that leaves while it waits is forgotten, and its prediction is not', async () => {
  const client = new AbortController()
  const response = api.create({ prefer: 'wait=30' }, client.signal)
  const id = await api.held()
  client.abort()
  await response
  expect(api.context.subscriptions.size).toBe(0)
  expect(await get(id)).toMatchObject({ status: 'starting' })
})

test('stopping answers everybody who waits', async () => {
  const response = api.create({ prefer: 'wait=30' })
  await api.held()
  api.context.waiting.stop()
  expect((await response).status).toBe(202)
})

test('GET with wait answers when the prediction ends, with the state it has then', async () => {
  const { id } = await read(await api.create())
  const response = api.app.request(`/api/v1/predictions/${id}?wait=30`)
  await api.held()
  await api.work(id, {
    status: 'failed',
    output: null,
    error: 'told to fail',
    errorCode: 'model_error',
    provenance: null,
  })
  expect((await response).status).toBe(200)
  expect(await read(await response)).toMatchObject({
    status: 'failed',
    error: 'told to fail',
    error_code: 'model_error',
  })
})

test('GET with a wait that runs out tells the truth', async () => {
  const { id } = await read(await api.create())
  await api.core.predictions.claim([{ id, epoch: 0, token: 't' }], Date.now())
  expect(await read(await api.app.request(`/api/v1/predictions/${id}?wait=1`))).toMatchObject({
    status: 'processing',
  })
})

test('cancel takes any body, cancels at once, and leaves what has ended as it is', async () => {
  const { id } = await read(await api.create())
  const cancel = () => api.post(`/api/v1/predictions/${id}/cancel`, '')
  const canceled = await read(await cancel())
  expect(canceled).toMatchObject({ id, status: 'canceled', output: null })
  expect(await read(await cancel())).toEqual(canceled)

  const ended = await read(await api.create())
  await api.work(ended.id)
  expect(await read(await api.post(`/api/v1/predictions/${ended.id}/cancel`, '{nonsense'))).toMatchObject({
    status: 'succeeded',
  })
})

test('the list has every prediction once, newest first, over absolute next URLs', async () => {
  const created: string[] = []
  for (let i = 0; i < 5; i++) created.unshift((await read(await api.create())).id)
  const seen: string[] = []
  let url: string | null = 'http://localhost/api/v1/predictions?limit=2'
  while (url !== null) {
    const page: ReturnType<typeof predictionPageSchema.parse> = predictionPageSchema.parse(
      await (await api.app.request(url)).json(),
    )
    expect(page.previous).toBeNull()
    seen.push(...page.results.map(({ id }) => id))
    url = page.next
  }
  expect(seen).toEqual(created)
})

test.each(['augur/test', 'augur/test:1', `augur/test:${testVersion.id}`, testVersion.id, '1'])(
  'the version may be written as %s',
  async (version) => {
    const response = await api.post('/api/v1/predictions', { version, input: validInput })
    expect(await read(response)).toMatchObject({
      model: 'augur/test',
      version: testVersion.id,
      version_label: '1',
    })
  },
)

test('a create by model takes its stable version', async () => {
  const response = await api.post('/api/v1/models/augur/test/predictions', { input: validInput })
  expect(response.status).toBe(201)
  expect(await read(response)).toMatchObject({ version: testVersion.id })
})

test('what older clients send along is accepted', async () => {
  const response = await api.post('/api/v1/predictions', {
    version: '1',
    input: validInput,
    stream: true,
    webhook_completed: 'http://127.0.0.1:9/hook',
  })
  expect(await read(response)).toMatchObject({
    webhook: 'http://127.0.0.1:9/hook',
    webhook_events_filter: ['completed'],
  })
})

test('a webhook without a filter hears of all events', async () => {
  const body = { version: '1', input: validInput, webhook: 'http://127.0.0.1:9/hook' }
  expect(await read(await api.post('/api/v1/predictions', body))).toMatchObject({
    webhook_events_filter: ['start', 'output', 'logs', 'completed'],
  })
})

test('a hundred simultaneous requests with one key make exactly one prediction', async () => {
  const responses = await Promise.all(
    Array.from({ length: 100 }, async () => api.create({ 'idempotency-key': 'once' })),
  )
  const accepted = responses.filter(({ status }) => status === 201)
  const ids = new Set(await Promise.all(accepted.map(async (response) => (await read(response)).id)))
  for (const response of responses.filter(({ status }) => status !== 201)) {
    expect(await problemOf(response)).toMatchObject({ code: 'idempotency_in_progress' })
  }
  expect(ids.size).toBe(1)
  expect(await api.ids()).toEqual([...ids])
})

test('a repeat with the same key answers the same prediction and says so', async () => {
  const headers = { 'idempotency-key': 'once' }
  const first = await read(await api.create(headers))
  await api.work(first.id)
  const again = await api.create(headers)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.status).toBe(201)
  expect(await read(again)).toMatchObject({ id: first.id, status: 'succeeded' })
})

test('a key belongs to one body and one route', async () => {
  const headers = { 'idempotency-key': 'once' }
  await api.create(headers)
  const other = await api.post('/api/v1/predictions', { version: '1', input: { x: [0, 0, 0] } }, headers)
  expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
  const elsewhere = await api.post('/api/v1/models/augur/test/predictions', { input: validInput }, headers)
  expect(await problemOf(elsewhere)).toMatchObject({ code: 'idempotency_mismatch' })
})

test('a key in quotes is the key between them', async () => {
  const { id } = await read(await api.create({ 'idempotency-key': 'a "b" \\\\ c' }))
  const quoted = await api.create({ 'idempotency-key': '"a \\"b\\" \\\\\\\\ c"' })
  expect(await read(quoted)).toMatchObject({ id })
  expect((await api.create({ 'idempotency-key': '""' })).status).toBe(400)
})

test('when the first creation has died, one of a hundred takes its place, and the rest join its prediction', async () => {
  const headers = { 'idempotency-key': 'once' }
  const { id } = await read(await api.create(headers))
  const [entry = ''] = await api.core.redis.keys(api.core.keys.idempotency('default', '*'))
  const left = JSON.parse((await api.core.redis.get(entry)) ?? '')
  await api.core.redis.set(entry, JSON.stringify({ ...left, creatingUntil: Date.now() - 1 }))
  const responses = await Promise.all(Array.from({ length: 100 }, async () => api.create(headers)))
  const accepted = responses.filter(({ status }) => status === 201)
  expect(accepted.length).toBeGreaterThan(0)
  for (const response of accepted) {
    expect(response.headers.get('idempotency-replayed')).toBe('true')
    expect(await read(response)).toMatchObject({ id })
  }
  for (const response of responses.filter(({ status }) => status !== 201)) {
    expect(await problemOf(response)).toMatchObject({ status: 409, code: 'idempotency_in_progress' })
    expect(response.headers.get('retry-after')).toBe('1')
  }
  expect(await api.ids()).toEqual([id])
})

test('a repeat gets its prediction though its version is gone and nothing new is accepted', async () => {
  const headers = { 'idempotency-key': 'once' }
  const byModel = '/api/v1/models/augur/test/predictions'
  const first = await read(await api.create(headers))
  const second = await read(await api.post(byModel, { input: validInput }, { 'idempotency-key': 'two' }))
  await new CatalogueStore(api.core.redis, api.core.keys).forget(testVersion.id)
  await api.context.catalogue.refresh()
  expect((await api.create({ 'idempotency-key': 'new' })).status).toBe(422)
  expect(await read(await api.create(headers))).toMatchObject({ id: first.id })
  const again = await api.post(byModel, { input: validInput }, { 'idempotency-key': 'two' })
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(await read(again)).toMatchObject({ id: second.id })
})

test('a key whose prediction is removed answers 410, and creates no other', async () => {
  const headers = { 'idempotency-key': 'once' }
  const { id } = await read(await api.create(headers))
  await api.core.redis.del(api.core.keys.record(id))
  expect(await problemOf(await api.create(headers))).toMatchObject({ status: 410, code: 'gone' })
  expect(await api.ids()).toEqual([id])
})

test('waiting callers go into the queue before submissions', async () => {
  await api.create()
  const waiting = api.create({ prefer: 'wait=50' })
  const id = await api.held()
  expect((await api.core.predictions.read(id))?.class).toBe('waiting')
  api.context.waiting.stop()
  await waiting
})
