import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testVersion } from '@augur/test-support/test-context'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import {
  accountSchema,
  deploymentPageSchema,
  emptyPageSchema,
  searchSchema,
  hardwareSchema,
  modelPageSchema,
  predictionSchema,
} from './schemas.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const request = async (method: string, path: string) => api.app.request(`/api/v1${path}`, { method })

async function search(body: string, contentType = 'text/plain'): Promise<string[]> {
  const headers = { 'content-type': contentType }
  const response = await api.app.request('/api/v1/models', { method: 'QUERY', headers, body })
  expect(response.status).toBe(200)
  return modelPageSchema.parse(await response.json()).results.map(({ name }) => name)
}

describe('models are searched by the method QUERY', () => {
  test.each([
    ['a bare text', 'test'],
    ['a text as JSON', '"test"'],
    ['some words, in any order and case', 'TEST  augur'],
    ['no text at all', ''],
  ])('%s', async (_, text) => {
    expect(await search(text)).toEqual(['test'])
  })

  test('a word that no model has finds nothing', async () => {
    expect(await search('test nothing')).toEqual([])
  })

  test('what begins like JSON and is none is refused', async () => {
    const refused = await api.app.request('/api/v1/models', {
      method: 'QUERY',
      headers: { 'content-type': 'text/plain' },
      body: '"test',
    })
    expect(await problemOf(refused)).toMatchObject({ status: 400, code: 'invalid_request' })
  })
})

test('the account is the tenant of the key', async () => {
  const headers = await api.signIn('acme')
  const response = await api.app.request('/api/v1/account', { headers })
  expect(accountSchema.parse(await response.json())).toEqual({
    type: 'organization',
    username: 'acme',
    name: 'acme',
  })
})

test('hardware is a bare list', async () => {
  expect(hardwareSchema.parse(await (await request('GET', '/hardware')).json())).toHaveLength(1)
})

test.each(['collections', 'trainings'])('%s are an empty page', async (path) => {
  const page = emptyPageSchema.parse(await (await request('GET', `/${path}`)).json())
  expect(page).toEqual({ next: null, previous: null, results: [] })
})

test('a model has an empty page of examples and a readme, and is found by its name', async () => {
  const about = `/models/${testVersion.model}`
  expect(emptyPageSchema.parse(await (await request('GET', `${about}/examples`)).json()).results).toEqual([])
  const readme = await request('GET', `${about}/readme`)
  expect(readme.headers.get('content-type')).toBe('text/plain; charset=UTF-8')
  expect(await readme.text()).toContain(`# ${testVersion.model}`)
  const found = async (query: string) =>
    searchSchema.parse(await (await request('GET', `/search?${query}`)).json()).models
  expect((await found('query=TEST')).map(({ model }) => model.name)).toEqual(['test'])
  expect(await found('query=nothing+like+it&limit=5')).toEqual([])
  for (const path of ['/models/augur/any/examples', '/models/augur/any/readme']) {
    expect(await problemOf(await request('GET', path))).toMatchObject({ code: 'not_found' })
  }
  expect(await problemOf(await request('GET', '/search'))).toMatchObject({ code: 'invalid_request' })
})

test('deployments are the models that have a rollout', async () => {
  const page = async () => deploymentPageSchema.parse(await (await request('GET', '/deployments')).json())
  expect((await page()).results).toEqual([])
  const { model, id } = testVersion
  const rollout = { model, revision: 1, stable: id, previousStable: null, trial: null }
  const event = { action: 'set', at: 1, actor: 'local', reason: '', rollout } as const
  await api.context.rollouts.write(model, null, event)
  await api.context.catalogue.refresh()
  const [deployment] = (await page()).results
  expect(deployment).toMatchObject({
    name: 'test',
    current_release: { number: 1, version: id, created_by: { username: 'local' } },
  })
  expect(await (await request('GET', `/deployments/${model}`)).json()).toEqual(deployment)
  const created = await api.post(`/api/v1/deployments/${model}/predictions`, { input: validInput })
  const prediction = predictionSchema.parse(await created.json())
  expect([created.status, prediction.version, prediction.deployment]).toEqual([201, id, model])
  const unknown = await api.post('/api/v1/deployments/augur/any/predictions', { input: validInput })
  expect(await problemOf(unknown)).toMatchObject({ code: 'not_found' })
})

describe('what the contract has and this server does not is refused as JSON, and as no fault of the server', () => {
  test.each([
    ['GET', '/collections/any', 'not_found'],
    ['GET', '/trainings/any', 'not_found'],
    ['POST', '/trainings/any/cancel', 'not_found'],
    ['POST', '/models/augur/test/versions/1/trainings', 'not_found'],
    ['GET', '/deployments/augur/any', 'not_found'],
    ['PATCH', '/deployments/augur/any', 'method_not_allowed'],
    ['DELETE', '/deployments/augur/any', 'method_not_allowed'],
    ['POST', '/deployments', 'method_not_allowed'],
    ['POST', '/models', 'method_not_allowed'],
    ['PATCH', '/models/augur/test', 'method_not_allowed'],
    ['DELETE', '/models/augur/test', 'method_not_allowed'],
    ['DELETE', '/models/augur/test/versions/1', 'method_not_allowed'],
  ])('%s %s', async (method, path, code) => {
    expect(await problemOf(await request(method, path))).toMatchObject({ code })
  })
})

test('who would change a model learns where models come from, and what can be done with it here', async () => {
  const refused = await request('DELETE', '/models/augur/test')
  expect(refused.headers.get('allow')).toBe('GET, OPTIONS')
  expect((await problemOf(refused)).detail).toContain('model repository')
  expect((await request('POST', '/models')).headers.get('allow')).toBe('GET, QUERY, OPTIONS')
})
