import { CatalogueStore } from '@augur/core/models/catalogue-store'
import type { WorkerPresence } from '@augur/core/models/presence'
import { testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestApi, type TestApi } from '../test/test-api.js'
import { healthSchema, modelPageSchema, modelSchema, versionPageSchema, versionSchema } from './schemas.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

async function announce(presence: WorkerPresence): Promise<void> {
  await new CatalogueStore(api.core.redis, api.core.keys).announce(presence)
  await api.context.catalogue.refresh()
}

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

const description = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.unknown()),
  components: z.object({
    schemas: z.record(z.string(), z.looseObject({ properties: z.record(z.string(), z.unknown()) })),
  }),
})

test('a model is described with its own input and output, as a path of its own', async () => {
  const text = await (await api.app.request('/api/v1/models/augur/test/openapi.json')).text()
  const { paths, components } = description.parse(JSON.parse(text))
  expect(Object.keys(paths)).toEqual(['/models/augur/test/predictions'])
  const { Input, Output, NewPrediction, Prediction } = components.schemas
  expect(Input?.properties).toHaveProperty('x')
  expect(Output?.properties).toHaveProperty('y')
  expect(NewPrediction?.properties.input).toEqual({ $ref: '#/components/schemas/Input' })
  expect(Prediction?.properties.output).toEqual({
    anyOf: [{ $ref: '#/components/schemas/Output' }, { type: 'null' }],
  })
  const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(refs))
})

test('a version is described as what its id alone creates', async () => {
  const { paths, components } = description.parse(await get('/models/augur/test/openapi.json?version=1'))
  expect(Object.keys(paths)).toEqual(['/predictions'])
  expect(components.schemas.NewPrediction?.properties.version).toEqual({ const: testVersion.id })
  const unknown = await api.app.request('/api/v1/models/augur/test/openapi.json?version=9')
  expect(unknown.status).toBe(404)
})

test('a version that cannot be loaded shows its code beside the one that serves', async () => {
  const { id, model, label } = testVersion
  const failed = {
    id: 'cd'.repeat(32),
    model,
    label,
    state: 'load_failed',
    code: 'timeout',
    reason: 'slow',
  } as const
  const problem = {
    code: 'invalid_manifest',
    model,
    label: '2',
    file: 'manifest.json',
    reason: 'is not JSON',
  } as const
  const loading = {
    id: 'ef'.repeat(32),
    model: 'augur/new',
    label: '1',
    state: 'loading',
    progress: { doneBytes: 5, totalBytes: null },
  } as const
  await announce({
    worker: 'w1',
    versions: [{ id, model, label, state: 'ready' }, failed, loading],
    problems: [problem],
  })
  expect(modelSchema.parse(await get('/models/augur/test'))).toMatchObject({
    state: 'ready',
    latest_version: { id },
    problems: [
      { label: '1', version: failed.id, state: 'load_failed', code: 'timeout', reason: 'slow' },
      { label: '2', version: null, state: 'load_failed', code: 'invalid_manifest', file: 'manifest.json' },
    ],
  })
  expect(modelSchema.parse(await get('/models/augur/new'))).toMatchObject({
    state: 'loading',
    latest_version: null,
    loading: [{ label: '1', version: loading.id, progress: { done_bytes: 5, total_bytes: null } }],
  })
  expect(modelPageSchema.parse(await get('/models')).results).toHaveLength(2)
  expect(versionPageSchema.parse(await get('/models/augur/new/versions')).results).toEqual([])
  await api.announce('ready')
})

test('a version says why it is not ready', async () => {
  const { id, model, label } = testVersion
  const state = {
    id,
    model,
    label,
    state: 'load_failed',
    code: 'checksum_mismatch',
    reason: 'another file',
  } as const
  await announce({ worker: 'w1', versions: [state], problems: [] })
  expect(versionSchema.parse(await get(`/models/${model}/versions/${label}`))).toMatchObject({
    state: 'load_failed',
    state_code: 'checksum_mismatch',
    state_reason: 'another file',
  })
  await api.announce('ready')
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
