import type { Ending } from '@augur/core/predictions/prediction'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { predictAnswer } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

/** Sends a body, and ends the prediction that it makes. */
async function predict(body: unknown, ending: Partial<Ending> = {}): Promise<Response> {
  const response = api.post('/api/v1/predict', body)
  await api.work(await api.held(), ending)
  return response
}

test.each([
  { input: validInput },
  { input_data: validInput },
  { model: 'augur/test', input: validInput },
  { model: 'test', version: '1', input: validInput },
  { version: '1', input: validInput },
])('%o answers 200 with the prediction', async (body) => {
  const response = await predict(body)
  expect(response.status).toBe(200)
  const { prediction } = predictAnswer.parse(await response.json())
  expect(prediction).toMatchObject({ status: 'succeeded', input: validInput, output: { y: [2, 4, 6] } })
})

test('a form sends numbers, JSON and files as input', async () => {
  const body = new FormData()
  body.set('model', 'test')
  body.set('version', '1')
  body.set('x', '[1, 2, 3]')
  const response = api.app.request('/api/v1/predict', { method: 'POST', body })
  await api.work(await api.held())
  const { prediction } = predictAnswer.parse(await (await response).json())
  expect(prediction.input).toEqual({ x: [1, 2, 3] })
})

test.each([
  ['model_error', 500, 'prediction_failed'],
  ['invalid_input', 422, 'invalid_input'],
] as const)('a prediction that failed by %s is a problem that names it', async (errorCode, status, code) => {
  const failed = { status: 'failed', output: null, error: 'It broke.', errorCode } as const
  const problem = await problemOf(await predict({ input: validInput }, failed))
  const [id] = await api.ids()
  expect(problem).toMatchObject({ status, code, detail: 'It broke.', prediction_id: id })
})

test('a prediction that is not done in time is answered with where to find it', async () => {
  await api.close()
  api = await createTestApi({ AUGUR_MAX_WAIT_SECONDS: '1' })
  const response = await api.post('/api/v1/predict', { input: validInput })
  expect(response.status).toBe(202)
  const { prediction } = predictAnswer.parse(await response.json())
  expect(prediction).toMatchObject({ status: 'starting', output: null })
  expect(response.headers.get('location')).toBe(prediction.urls.get)
})

test('an unknown model in the body is an unknown version', async () => {
  const problem = await problemOf(await api.post('/api/v1/predict', { model: 'nothing', input: validInput }))
  expect(problem).toMatchObject({ status: 422, code: 'unknown_version' })
})

test('a repeat with the same key answers the same prediction', async () => {
  const send = () => api.post('/api/v1/predict', { input: validInput }, { 'idempotency-key': 'once' })
  const first = send()
  await api.work(await api.held())
  await first
  const again = await send()
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(await again.json()).toEqual(await (await first).json())
  expect(await api.ids()).toHaveLength(1)
})
