import { testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({ AUGUR_MAX_BODY_BYTES: '2000' })
})
afterAll(() => api.close())

const secret = 'do-not-repeat-me'
const json = { 'content-type': 'application/json' }
const request = (method: string, path: string, init: RequestInit = {}) =>
  api.app.request(path, { method, ...init })
const create = (body: unknown, headers: Record<string, string> = json) =>
  request('POST', '/api/v1/predictions', {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  })
const valid = { version: testVersion.id, input: validInput }
const nested = `${'['.repeat(40)}${']'.repeat(40)}`

const cases: [string, number, string, () => Response | Promise<Response>][] = [
  ['an unknown path', 404, 'not_found', () => request('GET', '/api/v1/nothing')],
  ['an unknown prediction', 404, 'not_found', () => request('GET', '/api/v1/predictions/unknown')],
  [
    'an unknown prediction to cancel',
    404,
    'not_found',
    () => request('POST', `/api/v1/predictions/${'0'.repeat(44)}x/cancel`),
  ],
  [
    'an id older than records are kept',
    410,
    'gone',
    () => request('GET', `/api/v1/predictions/${'0'.repeat(44)}`),
  ],
  ['an unknown model', 404, 'not_found', () => request('GET', '/api/v1/models/augur/nothing')],
  [
    'an unknown version in a path',
    404,
    'not_found',
    () => request('GET', '/api/v1/models/augur/test/versions/9'),
  ],
  ['an unknown version in a body', 422, 'unknown_version', () => create({ ...valid, version: secret })],
  [
    'a method that the path does not take',
    405,
    'method_not_allowed',
    () => request('DELETE', '/api/v1/predictions'),
  ],
  ['no content type', 415, 'unsupported_media_type', () => create(valid, {})],
  [
    'another content type',
    415,
    'unsupported_media_type',
    () => create(valid, { 'content-type': 'text/plain' }),
  ],
  [
    'a compressed body',
    415,
    'unsupported_media_type',
    () => create(valid, { ...json, 'content-encoding': 'gzip' }),
  ],
  ['an empty body', 400, 'invalid_json', () => create('')],
  ['half a body', 400, 'invalid_json', () => create('{"version": "')],
  ['NaN', 400, 'invalid_json', () => create('{"version":"1","input":{"x":[NaN,1,2]}}')],
  ['a byte order mark', 400, 'invalid_json', () => create(`\uFEFF${JSON.stringify(valid)}`)],
  [
    'invalid UTF-8',
    400,
    'invalid_json',
    () => request('POST', '/api/v1/predictions', { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json }),
  ],
  ['deep nesting', 400, 'invalid_json', () => create(`{"version":"1","input":{"x":${nested}}}`)],
  ['an array', 422, 'invalid_input', () => create([])],
  ['null', 422, 'invalid_input', () => create('null')],
  ['no input', 422, 'invalid_input', () => create({ version: '1' })],
  ['an unknown property', 422, 'invalid_input', () => create({ ...valid, [secret.slice(0, 2)]: 1 })],
  ['a wrong type', 422, 'invalid_input', () => create({ ...valid, input: { x: [1, 2, secret] } })],
  [
    'a number that is too large',
    422,
    'invalid_input',
    () => create(`{"version":"1","input":{"x":[1,2,1e400]}}`),
  ],
  ['an unknown input', 422, 'invalid_input', () => create({ ...valid, input: { ...validInput, z: secret } })],
  [
    'a body over the limit',
    413,
    'payload_too_large',
    () => create({ ...valid, input: { x: secret.repeat(200) } }),
  ],
  [
    'a declared length over the limit',
    413,
    'payload_too_large',
    () => create(valid, { ...json, 'content-length': '999999' }),
  ],
  ['a negative wait', 400, 'invalid_request', () => create(valid, { ...json, prefer: 'wait=-1' })],
  [
    'a wait that is no number',
    400,
    'invalid_request',
    () => request('GET', `/api/v1/predictions/${'z'.repeat(44)}?wait=${secret}`),
  ],
  ['a bad cursor', 400, 'invalid_request', () => request('GET', `/api/v1/predictions?cursor=${secret}`)],
  ['a limit of 0', 400, 'invalid_request', () => request('GET', '/api/v1/predictions?limit=0')],
  ['a limit of 1000', 400, 'invalid_request', () => request('GET', '/api/v1/predictions?limit=1000')],
  [
    'an empty idempotency key',
    400,
    'invalid_request',
    () => create(valid, { ...json, 'idempotency-key': '' }),
  ],
  [
    'a long idempotency key',
    400,
    'invalid_request',
    () => create(valid, { ...json, 'idempotency-key': 'k'.repeat(256) }),
  ],
  [
    'a private webhook',
    422,
    'url_not_allowed',
    () => create({ ...valid, webhook: `http://10.0.0.1/${secret}` }),
  ],
  [
    'an unknown webhook event',
    422,
    'invalid_input',
    () => create({ ...valid, webhook_events_filter: [secret] }),
  ],
  [
    'a predict without input',
    422,
    'invalid_input',
    () => request('POST', '/api/v1/predict', { body: '{}', headers: json }),
  ],
  [
    'a predict with half a form',
    400,
    'invalid_request',
    () =>
      request('POST', '/api/v1/predict', {
        body: 'x',
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      }),
  ],
]

test.each(cases)(
  '%s is refused with %i %s, and what was sent is not repeated',
  async (_name, status, code, send) => {
    const response = await send()
    expect(response.status).toBe(status)
    const problem = await problemOf(response)
    expect(problem.code).toBe(code)
    expect(problem.instance).toBe(response.headers.get('x-request-id'))
    expect(JSON.stringify(problem)).not.toContain(secret)
  },
)

test('nothing that was refused was stored', async () => {
  expect(await api.ids()).toEqual([])
})

test('a refusal names the faulty field', async () => {
  const problem = await problemOf(await create({ ...valid, input: { x: [1, 2, '3'] } }))
  expect(problem.errors).toMatchObject([{ pointer: '/input/x/2' }])
  expect(problem.detail).toContain('input.x.2')
})

test('405 tells the methods of the path, and OPTIONS does so without refusing', async () => {
  expect((await request('PUT', '/api/v1/predictions')).headers.get('allow')).toBe('GET, POST, OPTIONS')
  const options = await request('OPTIONS', '/api/v1/models/augur/test/predictions')
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS'])
})

test('an unexpected error leaves as a fixed text', async () => {
  await api.core.redis.set(api.core.keys.tenantPredictions('default'), 'not a sorted set')
  const problem = await problemOf(await request('GET', '/api/v1/predictions'))
  await api.core.redis.del(api.core.keys.tenantPredictions('default'))
  expect(problem).toMatchObject({
    status: 500,
    code: 'internal',
    detail: 'Something went wrong on the server.',
  })
})

test('waiting callers are refused while no worker is ready, and submissions are not', async () => {
  const own = await createTestApi({ AUGUR_NO_WORKER_GRACE_SECONDS: '0' })
  await own.announce('loading')
  const response = await own.create({ prefer: 'wait=5' })
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'no_worker' })
  expect((await own.create()).status).toBe(201)
  await own.close()
})

test('new work is refused while Redis is nearly full, and polls are not', async () => {
  const own = await createTestApi({ AUGUR_REDIS_MAX_BYTES: '1000000' })
  await own.context.memory.refresh()
  const response = await own.create()
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await problemOf(response)).toMatchObject({ status: 503, code: 'overloaded' })
  expect((await own.app.request('/api/v1/predictions')).status).toBe(200)
  await own.close()
})
