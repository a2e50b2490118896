import { versionNumber } from '@augur/core/version-number'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

let api: TestApi
afterEach(() => api.close())

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await api.app.request(path, { headers })
  return { status: response.status, body: await response.json() }
}

test('the server tells its name, version and extensions', async () => {
  api = await createTestApi()
  const extensions = ['binary_tensor_data', 'model_repository']
  expect(await get('/v2')).toEqual({
    status: 200,
    body: { name: 'augur', version: versionNumber, extensions },
  })
})

test.each(['test', 'augur/test', 'augur%2Ftest', 'test/versions/1', `augur/test/versions/${testVersion.id}`])(
  'metadata of %s',
  async (named) => {
    api = await createTestApi()
    expect(await get(`/v2/models/${named}`)).toEqual({
      status: 200,
      body: {
        name: 'augur/test',
        versions: ['1'],
        platform: 'onnxruntime_onnx',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      },
    })
  },
)

test.each(['none', 'other/test', 'test/versions/2'])('there is no %s', async (named) => {
  api = await createTestApi()
  for (const path of [`/v2/models/${named}`, `/v2/models/${named}/ready`]) {
    expect(await get(path)).toMatchObject({
      status: 404,
      body: { code: 'not_found', error: expect.any(String) },
    })
  }
})

test('live, ready and ready for a model are three answers', async () => {
  api = await createTestApi()
  expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } })
  expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } })
  expect(await get('/v2/models/test/ready')).toEqual({
    status: 200,
    body: { name: 'augur/test', ready: true },
  })
  await api.announce('loading')
  expect(await get('/v2/health/live')).toMatchObject({ status: 200 })
  expect(await get('/v2/health/ready')).toMatchObject({ status: 503, body: { code: 'no_worker' } })
  expect(await get('/v2/models/test/versions/1/ready')).toMatchObject({
    status: 503,
    body: { code: 'no_worker' },
  })
})

test('with a key, what refuses speaks this protocol too', async () => {
  api = await createTestApi({ AUGUR_API_KEY: 'a-key-of-some-length' })
  for (const path of ['/v2', '/v2/models/test', '/v2/nothing']) {
    const problem = await problemOf(await api.app.request(path))
    expect(problem).toMatchObject({ status: 401, error: problem.detail })
  }
  expect(await get('/v2', { authorization: 'Bearer a-key-of-some-length' })).toMatchObject({ status: 200 })
  const elsewhere = await problemOf(await api.app.request('/api/v1/models'))
  expect(elsewhere).not.toHaveProperty('error')
})

test('a path that does not exist and a method that it does not take are told apart', async () => {
  api = await createTestApi()
  expect(await get('/v2/nothing')).toMatchObject({ status: 404, body: { error: expect.any(String) } })
  expect(await get('/v2/repository/index')).toMatchObject({ status: 405 })
})
