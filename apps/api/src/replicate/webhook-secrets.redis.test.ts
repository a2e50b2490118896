import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { webhookSecretSchema } from './schemas.js'
import { knownSecretSchema, secretListSchema } from './webhook-schemas.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
})
afterAll(() => api.close())

type Headers = Record<string, string>
const root = '/api/v1/webhooks'

async function newest(headers: Headers): Promise<string> {
  const response = await api.app.request(`${root}/default/secret`, { headers })
  expect(response.headers.get('cache-control')).toBe('no-store')
  return webhookSecretSchema.parse(await response.json()).key
}
async function list(headers: Headers) {
  return secretListSchema.parse(await (await api.app.request(`${root}/secrets`, { headers })).json()).results
}
async function change(path: string, headers: Headers, body: object = {}) {
  const response = await api.post(`${root}/secrets${path}`, body, headers)
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
  return knownSecretSchema.parse(await response.json())
}
const expire = (id: string, headers: Headers) =>
  api.app.request(`${root}/secrets/${id}`, { method: 'DELETE', headers })

test('a rotation answers the new secret once, and the old one signs for a day', async () => {
  const headers = await api.signIn('rotating')
  const before = await newest(headers)
  const { id, key } = await change('/rotate', headers)
  expect(await newest(headers)).toBe(key)
  expect(await api.context.webhookSecrets.active('rotating', Date.now())).toEqual([key, before])
  const secrets = await list(headers)
  expect(secrets.map((secret) => secret.id)).toEqual([id, 'default'])
  expect(Date.parse(secrets[1]?.expires_at ?? '') / 1000).toBeCloseTo(Date.now() / 1000 + 86_400, -2)
  expect(JSON.stringify(secrets)).not.toContain(key)
})

test('secrets sign beside each other until one is expired, and never does the last one go', async () => {
  const headers = await api.signIn('several')
  const { id } = await change('', headers)
  expect((await expire('default', headers)).status).toBe(204)
  expect((await list(headers)).map((secret) => secret.id)).toEqual([id])
  expect((await problemOf(await expire(id, headers))).code).toBe('secret_needed')
  expect((await problemOf(await expire('default', headers))).code).toBe('not_found')
})

test('every change leaves a line in the audit log, without a secret', async () => {
  const headers = await api.signIn('audited')
  const { key } = await change('/rotate', headers, { grace_seconds: 60 })
  const lines = await api.context.auditLog.list(null, 100)
  expect(
    lines.find(({ action, target }) => action === 'webhook_secret.rotate' && target === 'audited'),
  ).toBeDefined()
  expect(JSON.stringify(lines)).not.toContain(key)
})

test.each([[{ grace_seconds: -1 }], [{ grace_seconds: 1.5 }], [{ grace: 1 }], [[]]])(
  'refuses %j',
  async (body) => {
    const headers = await api.signIn('refused')
    expect((await problemOf(await api.post(`${root}/secrets/rotate`, body, headers))).code).toBe(
      'invalid_input',
    )
    expect(await list(headers)).toHaveLength(1)
  },
)

test.each(['', '/rotate'])('a repeated create of a secret (%s) makes no second one', async (path) => {
  const headers = { ...(await api.signIn(`repeating${path.slice(1)}`)), 'idempotency-key': 'secret-1' }
  const first = await change(path, headers)
  const before = await list(headers)
  expect(await change(path, headers)).toEqual(first)
  expect(await list(headers)).toEqual(before)
  const { id } = await change(path, { ...headers, 'idempotency-key': 'secret-2' })
  expect(id).not.toBe(first.id)
})
