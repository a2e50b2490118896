import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import Replicate, { type Prediction, validateWebhook } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository } from './support/gated.js'

const digitsDir = fileURLToPath(new URL('../models/digits', import.meta.url))

let models: GatedRepository
let stack: TestStack
let client: Replicate
let rows: { input: { pixels: number[] }; label: string }[]
beforeAll(async () => {
  models = await gatedRepository()
  await cp(digitsDir, join(models.dir, 'digits'), { recursive: true })
  const text = await readFile(join(digitsDir, 'heldout.jsonl'), 'utf8')
  rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  stack = await startTestStack({ modelsDir: models.dir })
  client = new Replicate({ auth: 'any-token', baseUrl: `${stack.url}/api/v1` })
})
afterAll(async () => {
  await stack?.stop()
  await models?.remove()
})

function row(index: number) {
  const found = rows[index]
  if (!found) throw new Error(`there is no held-out row ${index}`)
  return found
}

const interval = 20

async function refusalOf(call: Promise<unknown>): Promise<Error & { response: Response }> {
  return call.then(
    () => Promise.reject(new Error('was not refused')),
    (error) => error,
  )
}

test('run() answers with the output, whether it blocks or polls, by model or by version', async () => {
  const { input, label } = row(0)
  const { latest_version: latest } = await client.models.get('augur', 'digits')
  const outputs = [
    await client.run('augur/digits', { input }),
    await client.run('augur/digits', { input, wait: { mode: 'poll', interval } }),
    await client.run(`augur/digits:${latest?.id}`, { input }),
  ]
  expect(outputs).toEqual(outputs.map(() => expect.objectContaining({ label })))
})

test('run() goes on polling when the prediction outlasts the time to block', async () => {
  const seen: Prediction[] = []
  const progress = (prediction: Prediction) => {
    seen.push(prediction)
    void models.open('patient')
  }
  const input = { value: [1, 2, 3], gate: 'patient' }
  const output = await client.run('augur/gated', { input, wait: { mode: 'block', timeout: 1 } }, progress)
  expect(seen[0]).toMatchObject({ status: 'starting', output: null })
  expect(output).toEqual({ value: [1, 2, 3] })
})

test('a prediction is created, found, listed and waited for', async () => {
  const { input, label } = row(1)
  const created = await client.predictions.create({ model: 'augur/digits', input })
  expect(created).toMatchObject({ status: 'starting', output: null, error: null, model: 'augur/digits' })
  const ended = await client.wait(created, { interval })
  expect(ended).toMatchObject({ id: created.id, status: 'succeeded', input, output: { label } })
  expect(await client.predictions.get(created.id)).toEqual(ended)
  const { results } = await client.predictions.list()
  expect(results).toContainEqual(ended)
})

test('cancel() ends a prediction, and leaves one that has ended as it is', async () => {
  const held = await client.predictions.create({
    model: 'augur/gated',
    input: { value: [4, 5, 6], gate: 'never' },
  })
  const canceled = await client.predictions.cancel(held.id)
  expect(canceled).toMatchObject({ id: held.id, status: 'canceled', output: null })
  expect(await client.wait(held, { interval })).toEqual(canceled)
  expect(await client.predictions.cancel(held.id)).toEqual(canceled)
})

test('paginate() walks over every prediction once, newest first', async () => {
  const inputs = Array.from({ length: 205 }, (_, i) => row(i).input)
  const created = await Promise.all(
    inputs.map((input) => client.predictions.create({ model: 'augur/digits', input })),
  )
  const newest = await client.predictions.create({ model: 'augur/digits', input: row(205).input })
  const pages: Prediction[][] = []
  for await (const page of client.paginate(client.predictions.list)) pages.push(page)
  const listed = pages.flat().map(({ id }) => id)
  expect(pages.length).toBeGreaterThanOrEqual(3)
  expect(new Set(listed).size).toBe(listed.length)
  expect(listed[0]).toBe(newest.id)
  expect(listed).toEqual(expect.arrayContaining(created.map(({ id }) => id)))
})

test('models and versions are listed and found, with the schema of their input', async () => {
  const { results: found } = await client.models.list()
  expect(found.map(({ owner, name }) => `${owner}/${name}`)).toEqual(['augur/digits', 'augur/gated'])
  const { results: versions } = await client.models.versions.list('augur', 'digits')
  expect(versions).toHaveLength(2)
  for (const { id } of versions) {
    const version = await client.models.versions.get('augur', 'digits', id)
    expect(version.id).toBe(id)
    expect(version.openapi_schema).toHaveProperty('components.schemas.Input.properties.pixels')
  }
})

test('validateWebhook() accepts what the receiver got, and nothing else', async () => {
  const receiver = await startWebhookReceiver()
  const { key: secret } = await client.webhooks.default.secret.get()
  const { id } = await client.predictions.create({
    model: 'augur/digits',
    input: row(2).input,
    webhook: receiver.url,
    webhook_events_filter: ['completed'],
  })
  const [webhook] = await receiver.waitFor(1)
  const body = webhook?.body ?? ''
  const header = (name: string) => String(webhook?.headers[name])
  const signed = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    secret,
  }
  expect(JSON.parse(body)).toMatchObject({ id, status: 'succeeded' })
  expect(await validateWebhook({ ...signed, body })).toBe(true)
  expect(await validateWebhook({ ...signed, body: body.replace('succeeded', 'failed') })).toBe(false)
  expect(await validateWebhook({ ...signed, body, timestamp: '1' })).toBe(false)
  await receiver.close()
})

test('what is wrong is told in the message of an ApiError', async () => {
  const pixels = row(3).input.pixels.with(7, -1)
  const wrong = await refusalOf(client.run('augur/digits', { input: { pixels } }))
  expect(wrong.name).toBe('ApiError')
  expect(wrong.response.status).toBe(422)
  expect(wrong.message).toContain('/input/pixels/7')
  for (const call of [
    () => client.run('augur/nothing', { input: {} }),
    () => client.models.get('augur', 'nothing'),
    () => client.predictions.get('nothing'),
  ]) {
    const unknown = await refusalOf(call())
    expect(unknown.name).toBe('ApiError')
    expect(unknown.response.status).toBe(404)
  }
})
