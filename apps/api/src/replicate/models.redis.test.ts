import { testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test/test-api.js'
import { healthSchema, modelPageSchema, modelSchema, versionPageSchema, versionSchema } from './schemas.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const get = async (path: string): Promise<unknown> => (await api.app.request(`/api/v1${path}`)).json()

test('a model counts its runs and shows the version that its traffic goes to', async () => {
  await api.create()
  const model = modelSchema.parse(await get('/models/augur/test'))
  expect(model).toMatchObject({ owner: 'augur', name: 'test', run_count: 1, visibility: 'private' })
  expect(model.latest_version).toMatchObject({ id: testVersion.id, label: '1', state: 'ready' })
  expect(modelPageSchema.parse(await get('/models')).results).toEqual([model])
})

test('a version carries the schemas of its input and output', async () => {
  const version = versionSchema.parse(await get(`/models/augur/test/versions/${testVersion.id}`))
  expect(version.openapi_schema).toMatchObject({
    components: { schemas: { Input: { properties: { x: {} } }, Output: { properties: { y: {} } } } },
  })
  expect(versionSchema.parse(await get('/models/augur/test/versions/1'))).toEqual(version)
  expect(versionPageSchema.parse(await get('/models/augur/test/versions')).results).toEqual([version])
})

test('health follows the workers', async () => {
  const states = async () => healthSchema.parse(await get('/health'))
  expect(await states()).toMatchObject({
    status: 'ok',
    redis: 'ok',
    models: [{ state: 'ready', workers: 1 }],
  })
  await api.announce('load_failed')
  expect(await states()).toMatchObject({ status: 'degraded', models: [{ state: 'load_failed' }] })
  await api.announce('ready')
})

test('the webhook secret is one that Standard Webhooks libraries take', async () => {
  expect(await get('/webhooks/default/secret')).toMatchObject({
    key: expect.stringMatching(/^whsec_[\w+/]+=*$/),
  })
})
