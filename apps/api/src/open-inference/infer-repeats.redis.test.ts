import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'

const path = '/v2/models/test/infer'
const x = { name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }
const y = { datatype: 'FP32', shape: [1, 3], data: [2, 4, 6] }
const output = { kind: 'inline' as const, json: JSON.stringify({ y }) }
const key = { 'idempotency-key': 'infer-1' }

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const infer = (more: object = {}, headers: Record<string, string> = key) =>
  api.post(path, { inputs: [x], ...more }, headers)

test('a repeated infer request gets the answer of the first, and runs nothing', async () => {
  const first = infer()
  await api.work(await api.held(), { output })
  const repeated = await infer()
  expect(repeated.status).toBe(200)
  expect(repeated.headers.get('idempotency-replayed')).toBe('true')
  expect(repeated.headers.get('x-augur-prediction-id')).toBe(
    (await first).headers.get('x-augur-prediction-id'),
  )
  expect(await repeated.json()).toEqual(await (await first).json())
  expect(await api.ids()).toHaveLength(1)
})

test('other tensors under the same key are refused', async () => {
  const first = infer()
  await api.work(await api.held(), { output })
  await first
  const other = await infer({ inputs: [{ ...x, data: [3, 2, 1] }] })
  expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' })
  expect(await api.ids()).toHaveLength(1)
})

test('infer requests with one key at the same time run one prediction', async () => {
  const sent = Array.from({ length: 20 }, async () => infer())
  await api.work(await api.held(), { output })
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(statuses).toContain(200)
  expect(statuses.every((status) => [200, 409].includes(status))).toBe(true)
  expect(await api.ids()).toHaveLength(1)
})

test('an infer request with a key that runs out of time is kept for its repeat, and canceled without a key', async () => {
  const brief = { parameters: { timeout: 1000 } }
  expect(await problemOf(await infer(brief))).toMatchObject({ status: 504, code: 'timeout' })
  const [id = ''] = await api.ids()
  await api.work(id, { output })
  expect((await infer(brief)).status).toBe(200)
  expect(await problemOf(await infer(brief, {}))).toMatchObject({ code: 'timeout' })
  const [newest = ''] = await api.ids()
  expect(await api.core.predictions.read(newest)).toMatchObject({ status: 'canceled' })
})

test('a repeated infer request whose output is no longer kept is told that it is gone', async () => {
  const first = infer()
  const id = await api.held()
  await api.work(id, { output })
  await first
  await api.core.predictions.removeData(api.core.tag, [id])
  expect(await problemOf(await infer())).toMatchObject({ status: 410, code: 'gone' })
})
