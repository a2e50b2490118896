import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApp } from '../app.js'
import { createContext } from '../context.js'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { predictionSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
})
afterEach(() => api.close())

async function create(tenant = 'acme', scopes: Parameters<TestApi['signIn']>[1] = ['predict', 'read']) {
  const key = await api.signIn(tenant, scopes)
  const { id, urls } = predictionSchema.parse(await (await api.create(key)).json())
  return { id, key, url: urls.stream }
}

const open = (url: string, headers: Record<string, string> = {}) => api.app.request(url, { headers })

interface Read {
  event: string
  id: string | undefined
  data: string
}

function parse(text: string): Read[] {
  const blocks = text.split('\n\n').filter((block) => block.includes('event:'))
  return blocks.map((block) => {
    const lines = block.split('\n')
    const of = (name: string) =>
      lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
    return { event: of('event')[0] ?? '', id: of('id')[0], data: of('data').join('\n') }
  })
}
const eventsOf = async (response: Response) => parse(await response.text())
const told = (events: readonly Read[]) => events.map(({ event, data }) => [event, data])

test('a stream that is open while the prediction ends tells everything as soon as it has', async () => {
  const { id, url } = await create()
  const response = await open(url)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const events = eventsOf(response)
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  await api.work(id, { logs: 'one\ntwo\n' })
  expect(told(await events)).toEqual([
    ['logs', 'one\ntwo\n'],
    ['output', '{"y":[2,4,6]}'],
    ['done', '{}'],
  ])
  await expect.poll(() => [api.context.subscriptions.size, api.context.streams.size]).toEqual([0, 0])
})

test('every replica gives the same events the same ids, during and after the end', async () => {
  const { id, url } = await create()
  const other = await createContext(api.context.settings, api.context.logger)
  const during = Promise.resolve(open(url)).then(eventsOf)
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  await api.work(id)
  const after = await eventsOf(await createApp(other).request(url))
  expect(after).toEqual(await during)
  expect(after.map(({ id: at }) => at?.split(':')[1])).toEqual(['0', '1'])
  await other.close()
})

test('who comes back is told what came after the last event it saw, and nothing twice', async () => {
  const { id, url } = await create()
  await api.work(id, { logs: 'x\n' })
  const [first, ...rest] = await eventsOf(await open(url))
  expect(await eventsOf(await open(url, { 'last-event-id': first?.id ?? '' }))).toEqual(rest)
  const last = await open(url, { 'last-event-id': rest.at(-1)?.id ?? '' })
  expect([last.status, await last.text()]).toEqual([204, ''])
})

test('an output that its version calls an iterator is told element by element', async () => {
  const output = { type: 'array', items: { type: 'string' }, 'x-cog-array-type': 'iterator' }
  const pipeline = { name: 'module' as const, path: 'own.mjs', output }
  const store = new CatalogueStore(api.core.redis, api.core.keys)
  const { id, url } = await create()
  await api.work(id, { output: { kind: 'inline', json: '["a","b"]' } })
  expect(told(await eventsOf(await open(url)))).toEqual([
    ['output', '["a","b"]'],
    ['done', '{}'],
  ])
  await store.publish({ ...testVersion, manifest: { ...testVersion.manifest, pipeline } }, Date.now())
  await api.context.catalogue.refresh()
  expect(told(await eventsOf(await open(url)))).toEqual([
    ['output', 'a'],
    ['output', 'b'],
    ['done', '{}'],
  ])
})

test('a failure is told as an error, and what was canceled as its end', async () => {
  const failed = await create()
  await api.work(failed.id, {
    status: 'failed',
    output: null,
    error: 'no such digit',
    errorCode: 'model_error',
  })
  expect(told(await eventsOf(await open(failed.url)))).toEqual([
    ['error', '{"detail":"no such digit"}'],
    ['done', '{"reason":"error"}'],
  ])
  const canceled = await create()
  const events = Promise.resolve(open(canceled.url)).then(eventsOf)
  await api.post(`/api/v1/predictions/${canceled.id}/cancel`, '', canceled.key)
  expect(told(await events)).toEqual([['done', '{"reason":"canceled"}']])
})

test('nothing but the four events of the contract comes unasked; with ?status=true its way is told as well', async () => {
  const { id, url } = await create()
  const response = await open(`${url}&status=true`)
  const reader = response.body?.getReader()
  const first = parse(new TextDecoder().decode((await reader?.read())?.value))
  expect(told(first)).toEqual([
    ['status', '{"status":"starting","queue_position":0,"waiting_reason":"queued"}'],
  ])
  expect(first[0]?.id).toBeUndefined()
  await api.work(id)
  let rest = ''
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read())
    rest += new TextDecoder().decode(chunk.value)
  expect(parse(rest).map(({ event }) => event)).toEqual(['output', 'done'])
})

test('a stream subscribes once, however often it looks at the status', async () => {
  const { id, url } = await create()
  let subscribed = 0
  const { subscriptions } = api.context
  const subscribe = subscriptions.subscribe.bind(subscriptions)
  subscriptions.subscribe = async (...args) => {
    subscribed++
    return subscribe(...args)
  }
  const reader = (await open(`${url}&status=true`)).body?.getReader()
  await reader?.read()
  await api.core.predictions.claim([{ id, epoch: 0, token: 't' }], Date.now())
  const next = parse(new TextDecoder().decode((await reader?.read())?.value))
  expect(told(next)).toEqual([['status', '{"status":"processing"}']])
  await reader?.cancel()
  expect(subscribed).toBe(1)
  await expect.poll(() => subscriptions.size).toBe(0)
})

test('no more of large outputs is held for streams than the setting says, and none of it afterwards', async () => {
  const small = await createTestApi({ AUGUR_MAX_STREAM_BYTES: '1000' })
  const text = JSON.stringify('x'.repeat(800))
  await small.context.payloadStore.put('large', Buffer.from(text))
  const { id, urls } = predictionSchema.parse(await (await small.create()).json())
  await small.work(id, { output: { kind: 'stored', key: 'large' } })
  const { streamBytes } = small.context
  const reader = (await small.app.request(urls.stream)).body?.getReader()
  await reader?.read()
  expect(streamBytes.size).toBe(text.length)
  // The second one waits for the first, and has no bytes of its own until then.
  const second = Promise.resolve(small.app.request(urls.stream)).then(eventsOf)
  while ((await reader?.read())?.done === false);
  expect(told(await second)).toEqual([
    ['output', 'x'.repeat(800)],
    ['done', '{}'],
  ])
  const [, last] = await second
  const after = await small.app.request(urls.stream, { headers: { 'last-event-id': last?.id ?? '' } })
  expect(after.status).toBe(204)
  expect(streamBytes.size).toBe(0)
  await small.close()
})

test('a stream that breaks off starts over, whenever its prediction was created', async () => {
  const { url } = await create()
  const events = Promise.resolve(open(url)).then(eventsOf)
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  api.context.streams.stop()
  expect((await events).map(({ id }) => id)).toEqual(['0:0'])
})

test('the ticket opens this stream without a key, and no other', async () => {
  const [one, two] = [await create(), await create()]
  await api.work(one.id)
  expect((await open(one.url)).status).toBe(200)
  const bare = new URL(one.url).pathname
  expect((await open(bare)).status).toBe(401)
  expect((await open(bare, one.key)).status).toBe(200)
  expect((await open(bare, await api.signIn('globex'))).status).toBe(404)
  const stolen = one.url.replaceAll(one.id, two.id)
  expect((await problemOf(await open(stolen))).code).toBe('unauthenticated')
})

test('a stream of nothing is a problem and not an empty stream', async () => {
  const { id, key } = await create()
  const unknown = `/api/v1/predictions/${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}/stream`
  expect((await problemOf(await open(unknown, key))).code).toBe('not_found')
  expect((await problemOf(await open('/api/v1/predictions/x/stream', key))).code).toBe('not_found')
})

test('a client that leaves frees its place, and the prediction goes on', async () => {
  const { id, url } = await create()
  const response = await open(url)
  const reader = response.body?.getReader()
  void reader?.read()
  await expect.poll(() => [api.context.subscriptions.size, api.context.streams.size]).toEqual([1, 1])
  await reader?.cancel()
  await expect.poll(() => [api.context.subscriptions.size, api.context.streams.size]).toEqual([0, 0])
  expect(await api.core.predictions.read(id)).toMatchObject({ status: 'starting' })
})

test('a process that stops ends its streams with an error, which no reader takes for the end', async () => {
  const { url } = await create()
  const events = Promise.resolve(open(url)).then(eventsOf)
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  api.context.streams.stop()
  expect((await events).map(({ event }) => event)).toEqual(['error'])
})

test('the stream of a prediction that is deleted ends', async () => {
  const { id, key, url } = await create()
  const events = Promise.resolve(open(url)).then(eventsOf)
  await expect.poll(() => api.context.subscriptions.size).toBe(1)
  await api.app.request(`/api/v1/predictions/${id}`, { method: 'DELETE', headers: key })
  // What it reads may be the record that was canceled, or none any more.
  expect(['done', 'error']).toContain((await events).at(-1)?.event)
})

test('a HEAD of a stream holds nothing open', async () => {
  const { url } = await create()
  const response = await api.app.request(url, { method: 'HEAD' })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  expect(api.context.streams.size).toBe(0)
})

test('more streams than a tenant may have open are refused with 429, of which others notice nothing', async () => {
  const small = await createTestApi({ AUGUR_MAX_TENANT_STREAMS: '1', AUGUR_MAX_STREAMS: '2' })
  const url = async (tenant: string) => {
    const key = await small.signIn(tenant, ['predict', 'read'])
    return predictionSchema.parse(await (await small.create(key)).json()).urls.stream
  }
  const [acme, globex, third] = [await url('acme'), await url('globex'), await url('third')]
  const first = await small.app.request(acme)
  expect((await problemOf(await small.app.request(acme))).code).toBe('quota_exceeded')
  expect((await small.app.request(globex)).status).toBe(200)
  expect((await problemOf(await small.app.request(third))).code).toBe('overloaded')
  await first.body?.cancel()
  expect((await small.app.request(third)).status).toBe(200)
  await small.close()
})
