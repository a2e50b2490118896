import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { predictionSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const path = '/api/v1/predictions'
const read = async (response: Response) => predictionSchema.parse(await response.json())
const request = (method: string, url: string, headers: Record<string, string> = {}) =>
  api.app.request(url, { method, headers })
const retry = (id: string, headers: Record<string, string> = {}) =>
  request('POST', `${path}/${id}/retry`, headers)
const replay = (id: string, body: object, headers: Record<string, string> = {}) =>
  api.post(`${path}/${id}/replay`, body, headers)

/** The id of a new prediction that has ended. */
async function ended(more: object = {}): Promise<string> {
  const body = { version: testVersion.id, input: validInput, ...more }
  const { id } = await read(await api.post(path, body))
  await api.work(id, { status: 'failed', output: null, error: 'broken', errorCode: 'model_error' })
  return id
}

/** Another version of the test's model that a worker serves as well. */
async function publishOther() {
  const other = { ...testVersion, id: 'cd'.repeat(32), label: '2' }
  const store = new CatalogueStore(api.core.redis, api.core.keys)
  await store.publish(other, Date.now())
  const versions = [testVersion, other].map(({ id, model, label }) => ({
    id,
    model,
    label,
    state: 'ready' as const,
  }))
  await store.announce({ worker: 'w1', versions, problems: [] })
  await api.context.catalogue.refresh()
  return other
}

test('a retry is a new prediction of the same version, input, metadata and webhook, and says what it repeats', async () => {
  const terms = {
    metadata: { order: '4711' },
    webhook: 'http://127.0.0.1:9/hook',
    webhook_events_filter: ['completed'],
  }
  const id = await ended(terms)
  const response = await retry(id)
  expect(response.status).toBe(201)
  const retried = await read(response)
  expect(retried).toMatchObject({
    status: 'starting',
    version: testVersion.id,
    input: validInput,
    retried_from: id,
    ...terms,
  })
  expect(retried.id).not.toBe(id)
  expect(response.headers.get('location')).toBe(`http://localhost${path}/${retried.id}`)
  expect(await read(await request('GET', `${path}/${id}`))).toMatchObject({ status: 'failed' })
})

test('a retry can be waited for', async () => {
  const id = await ended()
  const response = retry(id, { prefer: 'wait=30' })
  await api.work(await api.held())
  expect((await response).status).toBe(201)
  expect(await read(await response)).toMatchObject({ status: 'succeeded', retried_from: id })
})

test('what has not ended is not retried', async () => {
  const { id } = await read(await api.create())
  expect(await problemOf(await retry(id))).toMatchObject({
    status: 409,
    code: 'prediction_open',
    prediction_id: id,
  })
  expect(await api.ids()).toEqual([id])
})

test('where the input was removed there is nothing to retry or replay', async () => {
  const id = await ended()
  await api.core.predictions.removeData(api.core.tag, [id])
  const refusal = { status: 422, code: 'input_removed', prediction_id: id }
  expect(await problemOf(await retry(id))).toMatchObject(refusal)
  expect(await problemOf(await replay(id, { version: testVersion.id }))).toMatchObject(refusal)
})

test('retries with one Idempotency-Key make one prediction', async () => {
  const id = await ended()
  const first = await retry(id, { 'idempotency-key': 'again' })
  const second = await retry(id, { 'idempotency-key': 'again' })
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect((await read(second)).id).toBe((await read(first)).id)
  expect(await api.ids()).toHaveLength(2)
  const other = await retry(await ended(), { 'idempotency-key': 'again' })
  expect(await problemOf(other)).toMatchObject({ code: 'idempotency_mismatch' })
})

test('a repeated retry is answered with its prediction also once the original is deleted', async () => {
  const id = await ended()
  const once = { 'idempotency-key': 'again' }
  const first = await read(await retry(id, once))
  expect((await request('DELETE', `${path}/${id}`)).status).toBe(204)
  expect((await read(await retry(id, once))).id).toBe(first.id)
})

test('the time limits of a retry count from its own creation, unless it brings its own', async () => {
  const { id } = await read(
    await api.post(
      path,
      { version: testVersion.id, input: validInput, expires_in: 60 },
      { 'cancel-after': '5m' },
    ),
  )
  await request('POST', `${path}/${id}/cancel`)
  const secondsFrom = (from: string, to = '') => Math.round((Date.parse(to) - Date.parse(from)) / 1000)
  const retried = await read(await retry(id))
  expect(secondsFrom(retried.created_at, retried.expires_at)).toBe(60)
  expect(secondsFrom(retried.created_at, retried.deadline)).toBe(300)
  const other = await read(await retry(id, { 'cancel-after': '1h' }))
  expect(secondsFrom(other.created_at, other.deadline)).toBe(3600)
})

test('a retry takes an empty body or an empty object, and no field', async () => {
  const id = await ended()
  const send = (body: string) => api.post(`${path}/${id}/retry`, body)
  expect((await send('{}')).status).toBe(201)
  expect((await send('')).status).toBe(201)
  expect(await problemOf(await send('{"input":{}}'))).toMatchObject({ code: 'invalid_input' })
  expect(await problemOf(await send('['))).toMatchObject({ code: 'invalid_json' })
})

test('retries and replays count for the quota of open predictions', async () => {
  await api.close()
  api = await createTestApi({ AUGUR_MAX_OPEN_PREDICTIONS: '1' })
  const { id } = await read(await api.create())
  expect((await request('POST', `${path}/${id}/cancel`)).status).toBe(200)
  expect((await api.create()).status).toBe(201)
  expect(await problemOf(await retry(id))).toMatchObject({ code: 'quota_exceeded' })
  const replayed = await replay(id, { version: testVersion.id })
  expect(await problemOf(replayed)).toMatchObject({ code: 'quota_exceeded' })
})

test('a replay runs the input on another version, and tells nobody but whom it names', async () => {
  const other = await publishOther()
  const id = await ended({ webhook: 'http://127.0.0.1:9/hook', metadata: { order: '4711' } })
  const response = await replay(id, { version: '2' })
  expect(response.status).toBe(201)
  const replayed = await read(response)
  expect(replayed).toMatchObject({
    version: other.id,
    version_label: '2',
    input: validInput,
    retried_from: id,
    metadata: { order: '4711' },
  })
  expect(replayed.webhook).toBeUndefined()
  const told = await replay(id, { version: other.id, webhook: 'http://127.0.0.1:9/other' })
  expect(await read(told)).toMatchObject({ webhook: 'http://127.0.0.1:9/other' })
})

test.each([
  [{}, 'invalid_input'],
  [{ version: 'none' }, 'unknown_version'],
  [{ version: '1', input: {} }, 'invalid_input'],
  [{ version: '1', webhook: 'ftp://somewhere' }, 'url_not_allowed'],
])('a replay with %j is refused with %s', async (body, code) => {
  expect(await problemOf(await replay(await ended(), body))).toMatchObject({ status: 422, code })
})

test('a deleted prediction is gone for readers, lists and retries, and deleting it again finds nothing', async () => {
  const id = await ended()
  const deleted = await request('DELETE', `${path}/${id}`)
  expect(deleted.status).toBe(204)
  expect(await deleted.text()).toBe('')
  expect(await api.ids()).toEqual([])
  for (const again of [request('GET', `${path}/${id}`), retry(id), request('DELETE', `${path}/${id}`)]) {
    expect(await problemOf(await again)).toMatchObject({ status: 404, code: 'not_found' })
  }
})

test('who waits for a prediction that is deleted is let go at once', async () => {
  const response = api.create({ prefer: 'wait=30' })
  const id = await api.held()
  expect((await request('DELETE', `${path}/${id}`)).status).toBe(204)
  expect([201, 404]).toContain((await response).status)
  expect(await api.core.predictions.read(id)).toBeNull()
})
