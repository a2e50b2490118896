import { expect, test } from 'vitest'
import { AugurError } from './augur-error.js'
import { Transport } from './transport.js'

interface Sent {
  url: string
  init: RequestInit
}

/** A transport whose server gives these answers, one by one, and the requests that it got. */
function transportTo(answers: readonly (() => Response)[], options: { key?: string; retries?: number } = {}) {
  const sent: Sent[] = []
  const transport = new Transport({
    url: 'http://augur.test/',
    ...options,
    fetch(input, init = {}) {
      sent.push({ url: input instanceof Request ? input.url : String(input), init })
      const answer = answers[sent.length - 1]
      return answer ? Promise.resolve().then(answer) : Promise.reject(new Error('there is no further answer'))
    },
  })
  return { sent, transport }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const item of items) seen.push(item)
  return seen
}

const ok = () => new Response('{"id":"a"}')
const busy = () => new Response('busy', { status: 503, headers: { 'retry-after': '0' } })
const lost = () => {
  throw new TypeError('fetch failed')
}
const problem = (status: number, code: string) => () =>
  new Response(JSON.stringify({ status, code, detail: 'so it is' }), {
    status,
    headers: { 'content-type': 'application/problem+json', 'retry-after': '0' },
  })

test('a request goes below /api/v1 of the server, with the key', async () => {
  const { sent, transport } = transportTo([ok], { key: 'secret' })
  expect(await transport.json('/models', { query: { limit: 2, cursor: undefined } })).toEqual({ id: 'a' })
  expect(sent[0]?.url).toBe('http://augur.test/api/v1/models?limit=2')
  expect(new Headers(sent[0]?.init.headers).get('authorization')).toBe('Bearer secret')
})

test('the base URL of the official clients is one too', async () => {
  const urls: string[] = []
  const fetch: typeof globalThis.fetch = async (input) => {
    urls.push(input instanceof Request ? input.url : String(input))
    return ok()
  }
  await new Transport({ url: 'http://augur.test/api/v1/', fetch }).request('/account')
  expect(urls).toEqual(['http://augur.test/api/v1/account'])
})

test.each([
  ['a server that is busy', busy],
  ['a server that is away', lost],
  ['a first request with the same key that is under way', problem(409, 'idempotency_in_progress')],
])('%s is asked again', async (_, first) => {
  const { sent, transport } = transportTo([first, ok])
  await transport.json('/predictions', { method: 'POST', json: {}, repeatable: true })
  expect(sent).toHaveLength(2)
})

test('what must not be sent twice is sent once', async () => {
  const { sent, transport } = transportTo([lost, ok])
  await expect(transport.request('/predictions', { method: 'POST' })).rejects.toThrow('fetch failed')
  expect(sent).toHaveLength(1)
})

test('a refusal for good is not repeated, and tells what the server says', async () => {
  const { sent, transport } = transportTo([problem(422, 'invalid_input'), ok])
  const refusal = await transport.request('/models').catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(AugurError)
  expect(refusal).toMatchObject({ status: 422, problem: { code: 'invalid_input' }, message: 'so it is' })
  expect(sent).toHaveLength(1)
})

test('there is an end to repeating', async () => {
  const { sent, transport } = transportTo([busy, busy, busy], { retries: 1 })
  await expect(transport.request('/models')).rejects.toMatchObject({ status: 503, problem: null })
  expect(sent).toHaveLength(2)
})

test('an aborted request is not repeated', async () => {
  const abort = new AbortController()
  const leave = () => {
    abort.abort(new Error('left'))
    throw new Error('left')
  }
  const { sent, transport } = transportTo([leave, ok])
  await expect(transport.request('/models', { signal: abort.signal })).rejects.toThrow('left')
  expect(sent).toHaveLength(1)
})

test('pages are fetched from the server that was named, whatever host their URLs have', async () => {
  const page = (results: number[], next: string | null) => () =>
    new Response(JSON.stringify({ results, next }))
  const { sent, transport } = transportTo([
    page([1, 2], 'https://elsewhere.test/api/v1/predictions?cursor=abc&limit=2'),
    page([3], null),
  ])
  expect(await all(transport.pages('/predictions', { query: { limit: 2 } }))).toEqual([1, 2, 3])
  expect(sent[1]?.url).toBe('http://augur.test/api/v1/predictions?cursor=abc&limit=2')
})

test('a stream that breaks is gone on with after the last event', async () => {
  const stream = (text: string) => () => new Response(text)
  const { sent, transport } = transportTo([
    stream('event: output\nid: 1:0\ndata: a\n\nevent: output\nid: 1:1\ndata: cut o'),
    stream('event: output\nid: 1:1\ndata: b\n\n'),
  ])
  const seen: string[] = []
  for await (const { data } of transport.events('/predictions/a/stream')) {
    seen.push(data)
    if (data === 'b') break
  }
  expect(seen).toEqual(['a', 'b'])
  expect(new Headers(sent[1]?.init.headers).get('last-event-id')).toBe('1:0')
})

test('a stream of which nothing is left is not asked for again', async () => {
  const { sent, transport } = transportTo([
    () => new Response('event: output\nid: 1:0\ndata: a\n\n'),
    () => new Response(null, { status: 204 }),
  ])
  expect(await all(transport.events('/predictions/a/stream'))).toHaveLength(1)
  expect(sent).toHaveLength(2)
})
