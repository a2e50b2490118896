import { createHash } from 'node:crypto'
import { randomToken } from '@augur/core/ids'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import Replicate from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenImage, digitSeven } from './support/digit-image.js'
import { type ClientStack, interval, refusalOf, startClientStack } from './support/official-client.js'
import { bodyOf } from './support/predictions.js'

// What breaks the official clients without a word when a server does it otherwise. Keys are needed here, so that it
// shows which requests come without one.
const key = randomToken()
const statuses = ['starting', 'processing', 'succeeded', 'failed', 'canceled']

interface WireObject {
  id: string
  status: string
  error: string | null
  urls: Record<string, unknown>
  [field: string]: unknown
}

let own: ClientStack
let client: Replicate
beforeAll(async () => {
  own = await startClientStack({ AUGUR_API_KEY: key, AUGUR_WEBHOOK_RETRIES: '1s,1s' })
  client = clientWith()
})
afterAll(() => own?.stop())

const clientWith = (options: object = {}) =>
  new Replicate({ auth: key, baseUrl: `${own.stack.url}/api/v1`, ...options })

function send(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  return own.stack.request(path, {
    method,
    // As the clients do, whether there is a body or not.
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body }),
  })
}

const create = (model: string, input: object, headers: Record<string, string> = {}) =>
  send('POST', `/models/augur/${model}/predictions`, JSON.stringify({ input }), headers)

const idsOf = async (by = client) => (await by.predictions.list()).results.map(({ id }) => id)

test('a create that waited in vain says starting and no output, even where it runs by then', async () => {
  const answer = await create('gated', { value: [1, 2, 3], gate: 'a' }, { prefer: 'wait=1' })
  const prediction = await bodyOf<WireObject>(answer)
  expect(answer.status).toBe(202)
  expect(prediction).toMatchObject({ status: 'starting', output: null })
  expect(await client.predictions.get(prediction.id)).toMatchObject({ status: 'processing' })
  await own.models.open('a')
  await client.wait(await client.predictions.get(prediction.id), { interval })
})

test('a wait that is longer than clients hold their requests is shortened, and the answer says so', async () => {
  const { input } = own.row(0)
  const applied = async (prefer: string) =>
    (await create('digits', input, { prefer })).headers.get('preference-applied')
  expect(await applied('wait=90')).toBe('wait=55')
  expect(await applied('wait=5')).toBe('wait=5')
})

test('the URL of a stream is opened without a key', async () => {
  const { urls } = await client.predictions.create({ model: 'augur/digits', input: own.row(1).input })
  expect((await fetch(`${urls.stream}`)).status).toBe(200)
  expect((await fetch(urls.get)).status).toBe(401)
})

test('each event of a stream has an id, a name that clients know, and data', async () => {
  const { urls } = await client.predictions.create({ model: 'augur/digits', input: own.row(2).input })
  const answer = await fetch(`${urls.stream}`, { headers: { accept: 'text/event-stream' } })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const blocks = (await answer.text()).split('\n\n').filter(Boolean)
  const events = blocks.filter((block) => !block.startsWith(':'))
  expect(events.length).toBeGreaterThanOrEqual(2)
  for (const event of events) {
    expect(event).toMatch(/^event: (?:output|logs|error|done)\nid: \d+:\d+(?:\ndata: .*)+$/)
  }
})

test('what clients take for text is never null', async () => {
  const { input } = own.row(3)
  const prediction = await bodyOf<WireObject>(await create('digits', input))
  for (const url of Object.values(prediction.urls)) expect(url).toMatch(/^http/)
  const version = (await client.models.get('augur', 'digits')).latest_version
  expect(version).toMatchObject({ cog_version: expect.any(String), openapi_schema: expect.any(Object) })
  const file = await client.files.create(digitSeven)
  expect(file).toMatchObject({ name: expect.any(String), etag: expect.any(String) })
})

test('the error of a prediction is a text', async () => {
  const { input } = own.row(4)
  const failed = await bodyOf<WireObject>(await create('digits', { image: brokenImage }, { prefer: 'wait' }))
  expect(failed).toMatchObject({ status: 'failed', error: expect.any(String) })
  expect(await bodyOf(await create('digits', input, { prefer: 'wait' }))).toMatchObject({ error: null })
})

test('a prediction whose time is over is canceled, and none has a status that clients do not know', async () => {
  const held = await client.predictions.create({
    model: 'augur/gated',
    input: { value: [1, 2, 3], gate: 'b' },
  })
  const body = JSON.stringify({ input: { value: [4, 5, 6] }, expires_in: 0.1 })
  const late = await bodyOf<WireObject>(await send('POST', '/models/augur/gated/predictions', body))
  const ended = await bodyOf<WireObject>(await send('GET', `/predictions/${late.id}?wait=20`))
  expect(ended).toMatchObject({ status: 'canceled', output: null })
  const { results } = await client.predictions.list()
  for (const { status } of results) expect(statuses).toContain(status)
  await own.models.open('b')
  await client.wait(held, { interval })
})

test('the id of a version is enough to find its model', async () => {
  const ids: string[] = []
  for (const { owner, name } of (await client.models.list()).results) {
    const { results: versions } = await client.models.versions.list(owner, name)
    ids.push(...versions.map(({ id }) => id))
    const input = name === 'digits' ? own.row(5).input : { value: [1, 2, 3] }
    for (const { id } of versions) {
      const created = await client.predictions.create({ version: id, input })
      expect(created).toMatchObject({ model: `${owner}/${name}`, version: id })
    }
  }
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/)
})

test('cancel takes a content type without content, and answers the whole prediction', async () => {
  const { id } = await bodyOf(await create('digits', own.row(6).input))
  const canceled = await send('POST', `/predictions/${id}/cancel`)
  expect(canceled.status).toBe(200)
  const fields = [
    'id',
    'model',
    'version',
    'status',
    'input',
    'output',
    'error',
    'logs',
    'created_at',
    'urls',
  ]
  expect(Object.keys(await bodyOf<WireObject>(canceled))).toEqual(expect.arrayContaining(fields))
})

test('the metadata of an upload is a text or a file of its own', async () => {
  const metadata = { of: 'test' }
  const json = JSON.stringify(metadata)
  for (const part of [json, new Blob([json], { type: 'application/json' })]) {
    const form = new FormData()
    form.append('content', new Blob([digitSeven]), 'seven.png')
    form.append('metadata', part)
    const headers = { authorization: `Bearer ${key}` }
    const answer = await own.stack.request('/files', { method: 'POST', headers, body: form })
    expect(answer.status).toBe(201)
    expect(await bodyOf<object>(answer)).toMatchObject({ metadata })
  }
})

test('a property that no input has is refused by its name, and its value is nowhere', async () => {
  const before = await idsOf()
  // A fault of the client: with this option it posts its own options as the input, its key among them.
  const leaking = clientWith({ fileEncodingStrategy: 'data-uri' })
  const refusal = await refusalOf(leaking.run('augur/digits', { input: own.row(7).input }))
  expect(refusal.message).toContain('/input/auth')
  expect(refusal.message).not.toContain(key)
  expect(refusal.response.status).toBe(422)
  expect(await idsOf()).toEqual(before)
  expect(own.stack.api.output()).not.toContain(key)
})

test('six requests at once, as the client repeats one without a pause, make one prediction where a key says so', async () => {
  const before = await idsOf()
  let sent = 0
  const repeating = clientWith({
    async fetch(url: URL, init: RequestInit) {
      const headers = new Headers(init.headers)
      headers.set('idempotency-key', 'the same')
      const response = await fetch(url, { ...init, headers })
      sent += 1
      if (sent < 6) throw new TypeError('the connection was lost')
      return response
    },
  })
  const created = await repeating.predictions.create({ model: 'augur/digits', input: own.row(8).input })
  expect(sent).toBe(6)
  expect(await idsOf()).toEqual([created.id, ...before])
})

test('a webhook tells how it was when it happened, however late it is sent', async () => {
  // The first of each event is lost on its way.
  const seen = new Set<string>()
  const receiver = await startWebhookReceiver(({ headers }) => {
    const id = String(headers['webhook-id'])
    const isNew = !seen.has(id)
    seen.add(id)
    return isNew ? 500 : 200
  })
  await client.predictions.create({
    model: 'augur/gated',
    input: { value: [1, 2, 3], gate: 'c' },
    webhook: receiver.url,
    webhook_events_filter: ['start', 'completed'],
  })
  await receiver.waitFor(1)
  await own.models.open('c')
  const completed = await receiver.waitFor(2, ({ headers }) =>
    /completed/.test(String(headers['webhook-id'])),
  )
  for (const { body } of completed) expect(JSON.parse(body)).toMatchObject({ status: 'succeeded' })
  const started = receiver.received.filter(({ headers }) => /start/.test(String(headers['webhook-id'])))
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')
  expect(new Set(started.map(({ body }) => digestOf(body))).size).toBe(1)
  for (const { body } of started) {
    expect(JSON.parse(body)).toMatchObject({ status: 'processing', output: null })
  }
  await receiver.close()
})

test('models are searched by a method of its own, with the text bare or as JSON', async () => {
  const found = async (text: string) =>
    (
      await bodyOf<{ results: { name: string }[] }>(
        await send('QUERY', '/models', text, { 'content-type': 'text/plain' }),
      )
    ).results.map(({ name }) => name)
  expect(await found('handwritten')).toEqual(['digits'])
  expect(await found('"handwritten"')).toEqual(['digits'])
  expect((await client.models.search('handwritten')).results).toHaveLength(1)
})
