import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { replaySchema } from './shadow-schemas.js'

const path = `/api/v1/models/${testVersion.model}/replays`
const wanted = { candidate: testVersion.id, last: 10 }
const key = { 'idempotency-key': 'replay-1' }

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
  const { id } = (await (await api.create()).json()) as { id: string }
  await api.work(id)
})
afterEach(() => api.close())

const start = (body: object = wanted, headers: Record<string, string> = key) => api.post(path, body, headers)
const idOf = async (response: Response) => replaySchema.parse(await response.json()).id
const waiting = () => api.core.shadowQueues.replaysWaiting(api.core.target)

test('a repeated replay request gets the replay of the first, and repeats nothing twice', async () => {
  const first = await start()
  expect(first.status).toBe(201)
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  const repeated = await start()
  expect(repeated.status).toBe(201)
  expect(repeated.headers.get('idempotency-replayed')).toBe('true')
  expect(await idOf(repeated)).toBe(await idOf(first))
  expect(await waiting()).toBe(1)
  expect((await start(wanted, {})).headers.get('idempotency-replayed')).toBeNull()
  expect(await waiting()).toBe(2)
})

test('another replay under the same key is refused', async () => {
  await start()
  const other = await start({ ...wanted, last: 5 })
  expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
})

test('replay requests with one key at the same time begin one replay', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, async () => start()))
  const begun = answers.filter(({ status }) => status === 201)
  expect(answers.every(({ status }) => [201, 409].includes(status))).toBe(true)
  expect(new Set(await Promise.all(begun.map(idOf))).size).toBe(1)
  expect(await waiting()).toBe(1)
})
