import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digitSeven } from './support/digit-image.js'
import { bodyOf, type WirePrediction } from './support/predictions.js'

const modelsDir = fileURLToPath(new URL('../models', import.meta.url))

let stack: TestStack
let rows: { input: { pixels: number[] }; label: string }[]
beforeAll(async () => {
  stack = await startTestStack({ modelsDir })
  const text = await readFile(`${modelsDir}/digits/heldout.jsonl`, 'utf8')
  rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
})
afterAll(() => stack?.stop())

interface Digit extends Omit<WirePrediction, 'output'> {
  output: { label: string } | null
  metrics?: { total_time: number }
  provenance?: object
}

const json = { 'content-type': 'application/json' }

async function create(body: object, headers: Record<string, string> = {}) {
  const response = await stack.request('/models/augur/digits/predictions', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  })
  return { response, prediction: await bodyOf<Digit>(response) }
}

test('a prediction is accepted at once and its answer is polled', async () => {
  const [row] = rows
  const { response, prediction } = await create({ input: row?.input })
  expect(response.status).toBe(201)
  expect(response.headers.get('location')).toContain(prediction.id)
  expect(prediction).toMatchObject({ status: 'starting', output: null, error: null, model: 'augur/digits' })
  let polled = prediction
  while (polled.completed_at === undefined) {
    polled = await bodyOf<Digit>(await stack.request(`/predictions/${prediction.id}?wait=5`))
  }
  expect(polled).toMatchObject({ status: 'succeeded', input: row?.input, output: { label: row?.label } })
  expect(polled.metrics?.total_time).toBeGreaterThan(0)
  const milliseconds = expect.any(Number)
  expect(polled.provenance).toEqual({
    attempt: 1,
    queue_ms: milliseconds,
    worker: expect.stringMatching(/./),
    runtime: expect.stringMatching(/^onnxruntime-node \d/),
    provider: 'cpu',
    micro_batch_size: 1,
    preprocess_ms: milliseconds,
    run_ms: milliseconds,
    postprocess_ms: milliseconds,
  })
})

test('waiting callers get the answer in the response, and the held-out digits are recognised', async () => {
  const answers = await Promise.all(
    rows.slice(0, 60).map(async ({ input, label }) => {
      const { response, prediction } = await create({ input }, { prefer: 'wait=20' })
      expect(response.status).toBe(201)
      expect(prediction.status).toBe('succeeded')
      return prediction.output?.label === label
    }),
  )
  expect(answers.filter(Boolean).length).toBeGreaterThanOrEqual(58)
})

test('the optimised version is asked for by its label and answers as well', async () => {
  const [row] = rows
  const response = await stack.request('/predictions', {
    method: 'POST',
    headers: { ...json, prefer: 'wait=20' },
    body: JSON.stringify({ version: 'augur/digits:int8', input: row?.input }),
  })
  expect(await response.json()).toMatchObject({ version_label: 'int8', output: { label: row?.label } })
})

test('start, output and completed reach the receiver in order, each signed for the standard library', async () => {
  const receiver = await startWebhookReceiver()
  const { key } = await bodyOf<{ key: string }>(await stack.request('/webhooks/default/secret'))
  const { prediction } = await create({ input: rows[1]?.input, webhook: receiver.url })
  const [start, output, completed] = await receiver.waitFor(3)
  for (const webhook of [start, output, completed]) {
    new Webhook(key).verify(webhook?.body ?? '', webhook?.headers as Record<string, string>)
  }
  expect(JSON.parse(start?.body ?? '')).toMatchObject({
    id: prediction.id,
    status: 'processing',
    output: null,
  })
  expect(JSON.parse(output?.body ?? '')).toMatchObject({
    status: 'processing',
    output: { label: rows[1]?.label },
  })
  const told = JSON.parse(completed?.body ?? '')
  const asked = await (await stack.request(`/predictions/${prediction.id}`)).json()
  expect(told).toEqual(asked)
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3)
  await receiver.close()
})

test('a receiver that refuses is tried again with the same webhook-id and a fresh signature', async () => {
  const receiver = await startWebhookReceiver((_, count) => (count === 1 ? 500 : 204))
  await create({ input: rows[2]?.input, webhook: receiver.url, webhook_events_filter: ['completed'] })
  const [first, second] = await receiver.waitFor(2)
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(second?.body).toBe(first?.body)
  expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
  await receiver.close()
})

test('POST /predict submits and waits, with JSON and with a file', async () => {
  const response = await stack.request('/predict', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ input: rows[3]?.input }),
  })
  expect(response.status).toBe(200)
  expect((await bodyOf<{ prediction: Digit }>(response)).prediction).toMatchObject({ status: 'succeeded' })

  const form = new FormData()
  form.set('image', new Blob([digitSeven], { type: 'image/png' }), 'seven.png')
  const upload = await stack.request('/predict', { method: 'POST', body: form })
  expect(upload.status).toBe(200)
  expect((await bodyOf<{ prediction: Digit }>(upload)).prediction.output?.label).toBe('7')
})

test('input that does not fit is refused before it is queued, by field and without its value', async () => {
  const response = await stack.request('/models/augur/digits/predictions', {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ input: { pixels: [4711, ...Array<number>(63).fill(0)] } }),
  })
  expect(response.status).toBe(422)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const problem = await bodyOf<{ code: string; errors: { pointer: string }[] }>(response)
  expect(problem.code).toBe('invalid_input')
  expect(problem.errors[0]?.pointer).toBe('/input/pixels/0')
  expect(JSON.stringify(problem)).not.toContain('4711')
})

test('what is no picture at all is refused before it is queued', async () => {
  const { response, prediction } = await create({ input: { image: Buffer.from('none').toString('base64') } })
  expect(response.status).toBe(422)
  expect(prediction).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/input/image' }] })
})

test('a picture that breaks off fails its own prediction with a reason for the caller', async () => {
  const { prediction } = await create(
    { input: { image: digitSeven.subarray(0, 60).toString('base64') } },
    { prefer: 'wait' },
  )
  expect(prediction).toMatchObject({ status: 'failed', error_code: 'invalid_input' })
})
