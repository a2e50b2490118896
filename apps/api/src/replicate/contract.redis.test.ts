import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { accountSchema, emptyPageSchema, hardwareSchema, modelPageSchema } from './schemas.js'

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

test.each(['collections', 'trainings', 'deployments'])('%s are an empty page', async (path) => {
  const page = emptyPageSchema.parse(await (await request('GET', `/${path}`)).json())
  expect(page).toEqual({ next: null, previous: null, results: [] })
})

describe('what the contract has and this server does not is refused as JSON, and as no fault of the server', () => {
  test.each([
    ['GET', '/collections/any', 'not_found'],
    ['GET', '/trainings/any', 'not_found'],
    ['POST', '/trainings/any/cancel', 'not_found'],
    ['POST', '/models/augur/test/versions/1/trainings', 'not_found'],
    ['GET', '/deployments/augur/any', 'not_found'],
    ['PATCH', '/deployments/augur/any', 'not_found'],
    ['DELETE', '/deployments/augur/any', 'not_found'],
    ['POST', '/deployments/augur/any/predictions', 'not_found'],
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
