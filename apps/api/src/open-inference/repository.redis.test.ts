import { CatalogueStore } from '@augur/core/models/catalogue-store'
import type { PresentVersion } from '@augur/core/models/presence'
import type { RepositoryProblem } from '@augur/core/models/repository-problem'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

const index = '/v2/repository/index'
const model = '/v2/repository/models/test'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

/** What the one worker says of the one version from now on. */
async function announce(
  states: Partial<PresentVersion>[],
  problems: RepositoryProblem[] = [],
): Promise<void> {
  const { id, label } = testVersion
  const versions = states.map((state) => ({
    id,
    model: testVersion.model,
    label,
    state: 'ready' as const,
    ...state,
  }))
  await new CatalogueStore(api.core.redis, api.core.keys).announce({ worker: 'w1', versions, problems })
}

/** A request without a content type, as Triton's client sends it. */
function post(path: string, body = ''): Promise<Response> {
  const request = new Request(`http://localhost${path}`, { method: 'POST', body: Buffer.from(body) })
  return Promise.resolve(api.app.fetch(request))
}

const read = async (response: Response) => ({ status: response.status, body: await response.json() })

test('the index lists what is served, what is not, and why', async () => {
  const problem: RepositoryProblem = {
    model: 'augur/broken',
    label: '3',
    code: 'invalid_manifest',
    file: 'manifest.json',
    field: 'inputs',
    reason: 'is required',
  }
  await announce([{}], [problem])
  await api.context.catalogue.refresh()
  const ready = { name: 'augur/test', version: '1', state: 'READY', reason: '' }
  const broken = {
    name: 'augur/broken',
    version: '3',
    state: 'UNAVAILABLE',
    reason: 'manifest.json inputs is required',
  }
  expect(await read(await post(index))).toEqual({ status: 200, body: [broken, ready] })
  expect(await read(await post(index, '{"ready":true}'))).toEqual({ status: 200, body: [ready] })
})

test.each([
  ['loading', 'LOADING'],
  ['draining', 'UNLOADING'],
  ['stopped', 'UNAVAILABLE'],
  ['crash_looping', 'UNAVAILABLE'],
] as const)('%s is %s', async (state, named) => {
  await announce([{ state, ...(state === 'crash_looping' && { reason: 'it dies' }) }])
  await api.context.catalogue.refresh()
  const reason = state === 'crash_looping' ? 'it dies' : state
  expect((await read(await post(index))).body).toEqual([
    { name: 'augur/test', version: '1', state: named, reason },
  ])
})

test('unload tells the workers, and answers when none serves the model any more', async () => {
  const answered = post(`${model}/unload`, '{"parameters":{"unload_dependents":false}}')
  await expect.poll(() => api.context.desiredModels.unloaded()).toEqual(new Set(['augur/test']))
  await announce([{ state: 'stopped' }])
  expect(await read(await answered)).toEqual({ status: 200, body: {} })
  await api.context.catalogue.refresh()
  expect((await api.post('/v2/models/test/infer', { inputs: [] })).status).toBe(404)
})

test('load takes an unload back, and answers when a worker serves the model', async () => {
  await api.context.desiredModels.unload('augur/test')
  await announce([{ state: 'stopped' }])
  const answered = post(`${model}/load`, '{}')
  await expect.poll(() => api.context.desiredModels.unloaded()).toEqual(new Set())
  await announce([{ state: 'ready' }])
  expect((await answered).status).toBe(200)
})

test('a model that fails to load is answered with the reason', async () => {
  await announce([{ state: 'load_failed', code: 'invalid_model', reason: 'the graph is broken' }])
  const problem = await problemOf(await post(`${model}/load`))
  expect(problem).toMatchObject({ status: 503, code: 'no_worker' })
  expect(problem.error).toContain('the graph is broken')
})

test('what nobody has heard of can be neither loaded nor unloaded', async () => {
  for (const path of ['none/unload', 'none/load', 'a%20b/load']) {
    expect(await problemOf(await post(`/v2/repository/models/${path}`))).toMatchObject({ status: 404 })
  }
})

test('a model is loaded as its folder has it, or not at all', async () => {
  for (const parameters of [{ config: '{}' }, { 'file:1/model.onnx': 'AAAA' }]) {
    const response = await post(`${model}/load`, JSON.stringify({ parameters }))
    expect(await problemOf(response)).toMatchObject({ status: 422, code: 'invalid_input' })
  }
})
