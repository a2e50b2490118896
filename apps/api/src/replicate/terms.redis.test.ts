import { expireDue } from '@augur/core/reconciler/expire-due'
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

const create = (more: Record<string, unknown>, headers: Record<string, string> = {}) =>
  api.post('/api/v1/predictions', { version: testVersion.id, input: validInput, ...more }, headers)

async function created(more: Record<string, unknown>, headers: Record<string, string> = {}) {
  const response = await create(more, headers)
  const shown = await read(response)
  const stored = await api.core.predictions.read(shown.id)
  if (!stored) throw new Error('the prediction must exist')
  return { shown, stored }
}

test('Cancel-After sets the deadline, counted from the creation', async () => {
  const { shown, stored } = await created({}, { 'cancel-after': '1m30s' })
  const sinceMs = Date.parse(shown.deadline ?? '') - Date.parse(shown.created_at)
  expect(Math.abs(sinceMs - 90_000)).toBeLessThan(1000)
  expect(stored.deadlineAt).toBe(Date.parse(shown.deadline ?? ''))
})

test('a Cancel-After that is no duration is refused, and nothing is created', async () => {
  const response = await create({}, { 'cancel-after': 'soon' })
  expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_request' })
  expect(await api.ids()).toEqual([])
})

test('expires_in is the time to begin, timeout the time to run, and they are kept apart', async () => {
  const { shown, stored } = await created({ expires_in: 60, timeout: 2.5 })
  expect(shown.expires_at).toBeDefined()
  expect(shown.deadline).toBeUndefined()
  expect(stored).toMatchObject({ timeoutMs: 2500, deadlineAt: null })
})

test('a timeout that allows more than the version does is not kept', async () => {
  const { stored } = await created({ timeout: testVersion.manifest.serving.timeoutSeconds })
  expect(stored.timeoutMs).toBeNull()
})

test('metadata is echoed as it came', async () => {
  const metadata = { 'run of': 'monday', ünï: 'čode "quoted"' }
  const { shown } = await created({ metadata })
  expect(shown.metadata).toEqual(metadata)
  expect(await read(await api.app.request(`/api/v1/predictions/${shown.id}`))).toMatchObject({ metadata })
})

test.each([
  ['metadata of numbers', { metadata: { a: 1 } }],
  ['an empty key', { metadata: { '': 'a' } }],
  ['a long key', { metadata: { ['k'.repeat(65)]: 'a' } }],
  ['a long value', { metadata: { a: 'v'.repeat(501) } }],
  ['too many keys', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'a'])) }],
  ['a negative expires_in', { expires_in: -1 }],
  ['expires_in as text', { expires_in: '60' }],
  ['a timeout of nothing', { timeout: 0 }],
  ['a timeout without an end', { timeout: 1e12 }],
  ['an unknown priority', { priority: 'urgent' }],
])('%s is refused with 422, and nothing is created', async (_, more) => {
  expect(await problemOf(await create(more))).toMatchObject({ status: 422, code: 'invalid_input' })
  expect(await api.ids()).toEqual([])
})

test.each([
  ['high', 'waiting'],
  ['normal', 'submission'],
  ['low', 'batch'],
])('priority %s is the class %s', async (priority, name) => {
  expect((await created({ priority })).stored.class).toBe(name)
})

test('a high priority is queued where no worker is ready; who waits is refused whatever the priority', async () => {
  await api.close()
  api = await createTestApi({ AUGUR_NO_WORKER_GRACE_SECONDS: '0' })
  await api.announce('loading')
  expect((await create({ priority: 'high' })).status).toBe(201)
  const waiting = await create({ priority: 'low' }, { prefer: 'wait=1' })
  expect(await problemOf(waiting)).toMatchObject({ code: 'no_worker' })
})

test('who waits for a prediction is woken when it expires', async () => {
  const response = create({ expires_in: 0.1 }, { prefer: 'wait=30' })
  await api.held()
  await expect.poll(() => expireDue({ ...api.core, tickets: api.context.tickets, now: Date.now })).toBe(1)
  expect((await response).status).toBe(201)
  expect(await read(await response)).toMatchObject({ status: 'canceled', error_code: 'expired' })
})

test('/predict answers 504 for a prediction that had not ended by its deadline', async () => {
  const response = api.post('/api/v1/predict', { input: validInput }, { 'cancel-after': '5s' })
  const id = await api.held()
  const later = () => Date.now() + 5000
  await expireDue({ ...api.core, tickets: api.context.tickets, now: later })
  expect(await problemOf(await response)).toMatchObject({ status: 504, code: 'timeout', prediction_id: id })
})

const list = async (query: string) => {
  const response = await api.app.request(`/api/v1/predictions?${query}`)
  return predictionPageSchema.parse(await response.json())
}

test('the list is filtered, and its next page by the same filter', async () => {
  for (let i = 0; i < 4; i++) await created({ metadata: { 'part of': i % 2 === 0 ? 'a&b' : 'c' } })
  const query = new URLSearchParams({ 'metadata[part of]': 'a&b', status: 'starting', limit: '1' })
  const first = await list(String(query))
  expect(first.results).toHaveLength(1)
  const second = await list(new URL(first.next ?? '').search.slice(1))
  expect(second.results).toHaveLength(1)
  expect(second.results[0]?.id).not.toBe(first.results[0]?.id)
  expect(second.results[0]?.metadata).toEqual({ 'part of': 'a&b' })
  expect(second.next).toBeNull()
})

test('created_after and created_before bound the list', async () => {
  const { shown } = await created({})
  const at = encodeURIComponent(shown.created_at)
  const after = encodeURIComponent(new Date(Date.parse(shown.created_at) + 1).toISOString())
  expect((await list(`created_after=${at}&created_before=${after}`)).results).toHaveLength(1)
  expect((await list(`created_after=${after}`)).results).toEqual([])
  expect((await list(`created_before=${at}`)).results).toEqual([])
})

test.each(['status=done', 'created_after=yesterday', 'limit=0', 'metadata=7', 'metadata[]=7', 'stat=failed'])(
  'the list refuses ?%s',
  async (query) => {
    const response = await api.app.request(`/api/v1/predictions?${query}`)
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid_request' })
  },
)
