import { endBatch } from '@augur/core/batches/end-batch'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { batchPageSchema, batchSchema } from './batch-schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi({
    AUGUR_MAX_BATCH_LINES: '200',
    AUGUR_MAX_BATCH_BYTES: '20000',
    AUGUR_MAX_BODY_BYTES: '8000',
  })
})
afterEach(() => api.close())

const lineOf = (more: object = {}) => `${JSON.stringify({ input: validInput, ...more })}\n`
const query = `model=${testVersion.model}`

const postLines = (text: string, more = query, headers: Record<string, string> = {}) =>
  api.post(`/api/v1/batches?${more}`, text, { 'content-type': 'application/jsonl', ...headers })
const postJson = (body: object, headers: Record<string, string> = {}) =>
  api.post('/api/v1/batches', body, headers)

async function created(response: Response) {
  expect(response.status).toBe(201)
  return batchSchema.parse(await response.json())
}

async function linesOf(url: string): Promise<unknown[]> {
  const text = await (await api.app.request(url)).text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Runs the only chunk of a batch as a worker would, with one result and one error. */
async function work(id: string): Promise<void> {
  const { batches, chunkFiles, now } = api.context
  await batches.claim({ batch: id, chunk: 0, epoch: 0 }, 'me', now())
  const attempt = { folder: (await batches.read(id))?.folder ?? '', chunk: 0, token: 'me' }
  await chunkFiles.putOutput(attempt, 'results', 0, '{"line":1}\n')
  await chunkFiles.putOutput(attempt, 'errors', 0, '{"line":2}\n')
  const progress = { completed: 1, failed: 1, stored: { results: 1, errors: 1 } }
  await batches.write({ batch: id, chunk: 0 }, 'me', progress, now())
}

test('JSON Lines become a batch whose options stand in the query', async () => {
  const batch = await created(await postLines(lineOf() + lineOf(), `${query}&metadata[run]=7&expires_in=60`))
  expect(batch).toMatchObject({
    model: testVersion.model,
    version: testVersion.id,
    status: 'in_progress',
    request_counts: { total: 2, completed: 0, failed: 0 },
    metadata: { run: '7' },
  })
  expect(Date.parse(batch.expires_at) - Date.parse(batch.created_at)).toBe(60_000)
  const read = await api.app.request(`/api/v1/batches/${batch.id}`)
  expect(batchSchema.parse(await read.json())).toEqual(batch)
})

test('one JSON object does as well, with items or with bare inputs', async () => {
  const { model, id: version } = testVersion
  const items = [{ custom_id: 'a', input: validInput }]
  for (const body of [
    { model, items },
    { version, inputs: [validInput] },
  ]) {
    expect((await created(await postJson(body))).request_counts.total).toBe(1)
  }
})

test('a line that is wrong fails alone, and says what is wrong with it', async () => {
  const wrong = [
    'nonsense\n',
    '[]\n',
    lineOf({ more: 1 }),
    lineOf({ input: { x: [1] } }),
    lineOf({ custom_id: '' }),
    '{}\n',
  ]
  const text = lineOf({ custom_id: 'a' }) + wrong.join('') + '\r\n\n' + lineOf({ custom_id: 'a' })
  const { id, urls, request_counts: counts } = await created(await postLines(text))
  expect(counts.total).toBe(8)
  await api.app.request(urls.cancel, { method: 'POST' })
  expect(await linesOf(urls.errors)).toMatchObject([
    { line: 1, custom_id: 'a', error_code: 'canceled' },
    { line: 2, custom_id: null, error: 'The line is not JSON.', error_code: 'invalid_input' },
    { line: 3, error: 'body: must be an object' },
    { line: 4, errors: [{ pointer: '/more', code: 'unknown_property' }] },
    { line: 5, errors: [{ pointer: '/input/x' }] },
    { line: 6, errors: [{ pointer: '/custom_id' }] },
    { line: 7, errors: [{ pointer: '/input' }] },
    { line: 8, custom_id: 'a', errors: [{ pointer: '/custom_id', code: 'repeated' }] },
  ])
  expect(await api.context.batches.read(id)).toMatchObject({ status: 'cancelled', completed: 0, failed: 0 })
})

test.each([
  ['no line', '', query, 422, 'invalid_input'],
  ['too many lines', lineOf().repeat(201), query, 413, 'payload_too_large'],
  ['too many bytes', lineOf({ custom_id: 'x'.repeat(190) }).repeat(100), query, 413, 'payload_too_large'],
  ['a line that is too long', lineOf({ custom_id: 'x'.repeat(9000) }), query, 413, 'payload_too_large'],
  ['an unknown model', lineOf(), 'model=none', 422, 'unknown_version'],
  ['no model', lineOf(), 'expires_in=60', 400, 'invalid_request'],
  ['an unknown option', lineOf(), `${query}&other=1`, 400, 'invalid_request'],
  ['a webhook that is not allowed', lineOf(), `${query}&webhook=ftp://x`, 422, 'url_not_allowed'],
])('%s is refused as a whole, and nothing is left of it', async (_, text, more, status, code) => {
  const problem = await problemOf(await postLines(text, more))
  expect(problem).toMatchObject({ status, code })
  const listed = await (await api.app.request('/api/v1/batches')).json()
  expect(listed).toMatchObject({ results: [] })
  expect(await api.context.batchUploads.list(api.core.tag)).toEqual([])
})

test('another content type, and items beside inputs, are refused', async () => {
  const text = await postLines(lineOf(), query, { 'content-type': 'text/plain' })
  expect((await problemOf(text)).code).toBe('unsupported_media_type')
  const both = { model: testVersion.model, inputs: [validInput], items: [] }
  expect(await problemOf(await postJson(both))).toMatchObject({ code: 'invalid_input', status: 422 })
})

test('the same key and lines are one batch, and other lines with it are refused', async () => {
  const headers = { 'idempotency-key': 'k' }
  const first = await created(await postLines(lineOf(), query, headers))
  const again = await postLines(lineOf(), query, headers)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect((await created(again)).id).toBe(first.id)
  const other = await problemOf(await postLines(lineOf() + lineOf(), query, headers))
  expect(other.code).toBe('idempotency_mismatch')
})

test('results and errors are downloaded with a ticket alone, and a ticket opens one batch', async () => {
  const { id, urls } = await created(await postLines(lineOf() + lineOf()))
  await work(id)
  expect(await linesOf(urls.results)).toEqual([{ line: 1 }])
  expect(await linesOf(urls.errors)).toEqual([{ line: 2 }])
  const { urls: others } = await created(await postLines(lineOf()))
  const ticket = new URL(others.results).search
  const foreign = await api.app.request(`/api/v1/batches/${id}/results${ticket}`)
  expect(foreign.status).toBe(401)
})

test('a reader of progress sees each change and, last, the whole batch', async () => {
  const { id, urls } = await created(await postLines(lineOf() + lineOf()))
  const response = await api.app.request(urls.stream)
  const reading = response.text()
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  await work(id)
  await endBatch(api.context, id)
  const events = (await reading).split('\n\n').filter((text) => text.startsWith('event'))
  expect(events.at(-1)).toMatch(/^event: done\nid: 2:completed\ndata: \{"id"/)
  expect(events.at(0)).toMatch(/^event: progress\nid: \d:in_progress|^event: progress\nid: 2:finalizing/)
  expect(api.context.streams.size).toBe(0)
})

test('pages lead through all batches of a tenant, newest first', async () => {
  const ids: string[] = []
  for (let i = 0; i < 3; i++) ids.unshift((await created(await postLines(lineOf()))).id)
  const first = batchPageSchema.parse(await (await api.app.request('/api/v1/batches?limit=2')).json())
  const second = batchPageSchema.parse(await (await api.app.request(first.next ?? '')).json())
  expect([...first.results, ...second.results].map(({ id }) => id)).toEqual(ids)
  expect(second.next).toBe(null)
})

test('downloads of a batch whose data is removed are gone, and the batch says so', async () => {
  const { id, urls } = await created(await postLines(lineOf()))
  await api.app.request(urls.cancel, { method: 'POST' })
  await api.context.batches.noteDataRemoved(id)
  expect(await problemOf(await api.app.request(urls.results))).toMatchObject({ code: 'gone' })
  const read = batchSchema.parse(await (await api.app.request(urls.get)).json())
  expect(read).toMatchObject({ data_removed: true, status: 'cancelled' })
})
