import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { inferResponse } from './schemas.js'

const path = '/v2/models/test/infer'
const lengthHeader = 'inference-header-content-length'
const x = { name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }
const inline = (output: unknown) => ({ kind: 'inline' as const, json: JSON.stringify(output) })
const y = { datatype: 'FP32', shape: [1, 3], data: [2, 'NaN', 6] }

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

function floats(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) buffer.writeFloatLE(value, index * 4)
  return buffer
}

/** A request of the binary tensor extension, without a content type, as Triton's client sends it. */
function postBinary(json: object, bytes: Buffer): Promise<Response> {
  const head = Buffer.from(JSON.stringify(json))
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { [lengthHeader]: String(head.length) },
    body: Buffer.concat([head, bytes]),
  })
  return Promise.resolve(api.app.fetch(request))
}

/** Answers the next request that is held with this output, and gives back the prediction's input. */
async function answerWith(output: object): Promise<unknown> {
  const id = await api.held()
  const prediction = await api.core.predictions.read(id)
  await api.work(id, { output: inline(output) })
  return JSON.parse((await api.context.payloads.read(prediction?.input ?? null)) ?? 'null')
}

/** The error pointers of a refusal, which must reach neither the queue nor the store. */
async function pointersOf(response: Response): Promise<string[]> {
  const problem = await problemOf(response)
  expect(problem.error).toBe(problem.detail)
  expect(problem.code).toBe('invalid_input')
  expect(await api.ids()).toEqual([])
  return problem.errors.map(({ pointer }) => pointer)
}

test('JSON tensors are submitted as tensors, and answered as JSON with the id of the request', async () => {
  const answered = api.post(path, { id: 'mine', model_name: 'ignored', inputs: [x] })
  expect(await answerWith({ y })).toEqual({ x: { datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] } })
  const response = await answered
  expect(response.status).toBe(200)
  expect(inferResponse.parse(await response.json())).toEqual({
    id: 'mine',
    model_name: 'augur/test',
    model_version: '1',
    outputs: [{ name: 'y', ...y }],
  })
  const [id] = await api.ids()
  expect(response.headers.get('x-augur-prediction-id')).toBe(id)
  expect(await api.core.predictions.read(id ?? '')).toMatchObject({ form: 'tensors', class: 'waiting' })
})

test('nested data means the same as flat data', async () => {
  const answered = api.post(path, {
    inputs: [
      {
        ...x,
        shape: [2, 3],
        data: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    ],
  })
  expect(await answerWith({ y })).toMatchObject({ x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } })
  expect((await answered).status).toBe(200)
})

test('binary tensors stay bytes on their way in and out', async () => {
  const bytes = floats(1, 2, 3)
  const input = { name: 'x', shape: [1, 3], datatype: 'FP32', parameters: { binary_data_size: 12 } }
  const answered = postBinary({ inputs: [input], parameters: { binary_data_output: true } }, bytes)
  const output = { datatype: 'FP32', shape: [1, 3], base64: floats(2, 4, 6).toString('base64') }
  expect(await answerWith({ y: output })).toMatchObject({ x: { base64: bytes.toString('base64') } })
  const response = await answered
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  const body = Buffer.from(await response.arrayBuffer())
  const length = Number(response.headers.get(lengthHeader))
  expect(JSON.parse(body.subarray(0, length).toString())).toMatchObject({
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3], parameters: { binary_data_size: 12 } }],
  })
  expect(body.subarray(length)).toEqual(floats(2, 4, 6))
})

test('JSON in and bytes out, bytes in and JSON out: what an output says of itself goes before the rest', async () => {
  const wantsBytes = { inputs: [x], outputs: [{ name: 'y', parameters: { binary_data: true } }] }
  const first = api.post(path, wantsBytes)
  await answerWith({ y })
  const body = Buffer.from(await (await first).arrayBuffer())
  expect(body.subarray(-12)).toEqual(floats(2, Number.NaN, 6))

  const input = { ...x, data: undefined, parameters: { binary_data_size: 12 } }
  const outputs = [{ name: 'y', parameters: { binary_data: false } }]
  const second = postBinary(
    { inputs: [input], outputs, parameters: { binary_data_output: true } },
    floats(1, 2, 3),
  )
  await answerWith({
    y: { datatype: 'FP32', shape: [1, 3], base64: floats(2, Number.NaN, 6).toString('base64') },
  })
  expect(await (await second).json()).toMatchObject({ outputs: [{ data: [2, 'NaN', 6] }] })
})

test.each<[string, object, string]>([
  ['an unknown input', { inputs: [x, { ...x, name: 'z' }] }, '/inputs/1'],
  ['a missing input', { inputs: [] }, '/inputs'],
  ['an input given twice', { inputs: [x, x] }, '/inputs/1/name'],
  ['another datatype', { inputs: [{ ...x, datatype: 'FP64' }] }, '/inputs/0/datatype'],
  ['no datatype at all', { inputs: [{ ...x, datatype: 'FP8' }] }, '/inputs/0/datatype'],
  ['a fixed dimension', { inputs: [{ ...x, shape: [1, 4], data: [1, 2, 3, 4] }] }, '/inputs/0/shape/1'],
  ['the rank', { inputs: [{ ...x, shape: [3] }] }, '/inputs/0/shape'],
  ['the count', { inputs: [{ ...x, data: [1, 2] }] }, '/inputs/0/data'],
  ['an element', { inputs: [{ ...x, data: [1, 2, 'three'] }] }, '/inputs/0/data/2'],
  ['a nested element', { inputs: [{ ...x, data: [[1, 2, null]] }] }, '/inputs/0/data/0/2'],
  ['a nested count', { inputs: [{ ...x, data: [[1, 2]] }] }, '/inputs/0/data/0'],
  ['no data', { inputs: [{ ...x, data: undefined }] }, '/inputs/0/data'],
  [
    'bytes that are not there',
    { inputs: [{ ...x, data: undefined, parameters: { binary_data_size: 12 } }] },
    '/inputs/0/parameters/binary_data_size',
  ],
  ['an unknown output', { inputs: [x], outputs: [{ name: 'x' }] }, '/outputs/0/name'],
  ['an output asked for twice', { inputs: [x], outputs: [{ name: 'y' }, { name: 'y' }] }, '/outputs/1/name'],
  [
    'a classification',
    { inputs: [x], outputs: [{ name: 'y', parameters: { classification: 3 } }] },
    '/outputs/0/parameters/classification',
  ],
  [
    'shared memory',
    { inputs: [{ ...x, parameters: { shared_memory_region: 'r' } }] },
    '/inputs/0/parameters/shared_memory_region',
  ],
  ['a timeout that is no number', { inputs: [x], parameters: { timeout: 'soon' } }, '/parameters/timeout'],
])('%s is refused before queueing, where it stands in the request', async (_, body, pointer) => {
  expect(await pointersOf(await api.post(path, body))).toContain(pointer)
})

test('bytes that do not fit the shape, or that no tensor asks for, are refused', async () => {
  const input = (size: number) => ({ ...x, data: undefined, parameters: { binary_data_size: size } })
  expect(await pointersOf(await postBinary({ inputs: [input(8)] }, floats(1, 2)))).toEqual(['/inputs/0'])
  expect(await pointersOf(await postBinary({ inputs: [input(12)] }, floats(1, 2, 3, 4)))).toEqual(['/inputs'])
  expect(await pointersOf(await postBinary({ inputs: [x] }, floats(1)))).toEqual(['/inputs'])
})

test('a wait that runs out is a timeout, and the prediction is canceled', async () => {
  const response = await api.post(path, { inputs: [x], parameters: { timeout: 100_000 } })
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 504, code: 'timeout', error: problem.detail })
  const [id = ''] = await api.ids()
  expect(problem.prediction_id).toBe(id)
  expect(await api.core.predictions.read(id)).toMatchObject({ status: 'canceled' })
})

test('a client that leaves takes its prediction along', async () => {
  const leaving = new AbortController()
  const response = api.post(path, { inputs: [x] }, {}, leaving.signal)
  const id = await api.held()
  leaving.abort()
  await response
  expect(await api.core.predictions.read(id)).toMatchObject({ status: 'canceled' })
})

test('a server that stops lets its callers go elsewhere, and cancels what they waited for', async () => {
  const response = api.post(path, { inputs: [x] })
  const id = await api.held()
  api.context.stopping = true
  api.context.waiting.stop()
  expect(await problemOf(await response)).toMatchObject({ status: 503, code: 'unavailable' })
  expect(await api.core.predictions.read(id)).toMatchObject({ status: 'canceled' })
})

test.each([
  ['invalid_input', 422, 'invalid_input'],
  ['timeout', 504, 'timeout'],
  ['model_error', 500, 'prediction_failed'],
  ['runner_crashed', 500, 'prediction_failed'],
  ['version_gone', 503, 'no_worker'],
] as const)('a prediction that failed with %s is answered with %i %s', async (errorCode, status, code) => {
  const response = api.post(path, { inputs: [x] })
  const id = await api.held()
  await api.work(id, { status: 'failed', output: null, error: 'told to fail', errorCode })
  expect(await problemOf(await response)).toMatchObject({
    status,
    code,
    error: 'told to fail',
    prediction_id: id,
  })
})

test('a prediction that somebody else canceled has no outputs to answer', async () => {
  const response = api.post(path, { inputs: [x] })
  const id = await api.held()
  await api.post(`/api/v1/predictions/${id}/cancel`, '')
  expect(await problemOf(await response)).toMatchObject({
    status: 500,
    code: 'prediction_failed',
    prediction_id: id,
  })
})

test.each([
  '/v2/models/augur/test/infer',
  '/v2/models/augur%2Ftest/infer',
  '/v2/models/test/versions/1/infer',
  `/v2/models/augur/test/versions/${'ab'.repeat(32)}/infer`,
])('%s names the model', async (named) => {
  const response = api.post(named, { inputs: [x] })
  await answerWith({ y })
  expect((await response).status).toBe(200)
})

test.each(['/v2/models/none/infer', '/v2/models/other/test/infer', '/v2/models/test/versions/2/infer'])(
  '%s is not found',
  async (named) => {
    const problem = await problemOf(await api.post(named, { inputs: [x] }))
    expect(problem).toMatchObject({ status: 404, code: 'not_found', error: problem.detail })
  },
)

test.each<[string, string | object, Record<string, string>, number]>([
  ['text', 'x', { 'content-type': 'text/plain' }, 415],
  ['a compressed body', 'x', { 'content-encoding': 'gzip' }, 415],
  ['JSON with bytes behind it', { inputs: [x] }, { [lengthHeader]: '5' }, 415],
  ['no JSON', '{', {}, 400],
  [
    'a header beyond the body',
    '{}',
    { 'content-type': 'application/octet-stream', [lengthHeader]: '3' },
    400,
  ],
  ['no inputs', {}, {}, 422],
  ['more inputs than any model has', { inputs: Array.from({ length: 1025 }, () => x) }, {}, 422],
])('%s is refused', async (_, body, headers, status) => {
  const problem = await problemOf(await api.post(path, body, headers))
  expect([problem.status, problem.error]).toEqual([status, problem.detail])
})
