import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { sleepingRepository } from './support/sleeping.js'

interface WireBatch {
  id: string
  status: string
  request_counts: { total: number; completed: number; failed: number }
  urls: { results: string; errors: string; stream: string }
}

interface Line {
  line: number
  custom_id: string
  output?: { value: number[] }
  error_code?: string
}

let models: Awaited<ReturnType<typeof sleepingRepository>>
let stack: TestStack
let receiver: WebhookReceiver
beforeAll(async () => {
  models = await sleepingRepository(8)
  receiver = await startWebhookReceiver()
  const env = { AUGUR_LOCK_SECONDS: '1', AUGUR_MAX_LOST_WORKERS: '50', AUGUR_RECONCILE_GRACE_SECONDS: '1' }
  stack = await startTestStack({ modelsDir: models.dir, workers: 1, env })
})
afterAll(async () => {
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

async function submit(inputs: readonly object[]): Promise<WireBatch> {
  const text = inputs.map((input, i) => `${JSON.stringify({ custom_id: `row ${i}`, input })}\n`).join('')
  const response = await stack.request(
    `/batches?model=sleeping&webhook=${encodeURIComponent(receiver.url)}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/jsonl' },
      body: text,
    },
  )
  expect(response.status).toBe(201)
  return bodyOf<WireBatch>(response)
}

async function linesOf(url: string): Promise<Line[]> {
  const text = await (await fetch(url)).text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** The last event of its stream, which ends with the batch. */
async function ended({ urls }: WireBatch): Promise<WireBatch> {
  const text = await (await fetch(urls.stream)).text()
  return JSON.parse(text.slice(text.lastIndexOf('data: ') + 6).trim())
}

test('a batch survives the workers that run it: each line has one result, in order, and one webhook tells of the end', async () => {
  const inputs = Array.from({ length: 600 }, (_, i) => ({
    value: [i, 0.5, 7],
    sleepMs: 5,
    ...(i === 99 && { fail: true }),
  }))
  const batch = await submit([...inputs, { nothing: 1 }])
  for (let kills = 0; kills < 3; kills++) {
    const victim = stack.workers.at(-1)
    stack.startWorker()
    await stack.ready()
    await victim?.end('SIGKILL')
  }
  const last = await ended(batch)
  expect(last).toMatchObject({
    status: 'completed',
    request_counts: { total: 601, completed: 599, failed: 2 },
  })
  const results = await linesOf(batch.urls.results)
  expect(results.map(({ line }) => line)).toEqual(inputs.map((_, i) => i + 1).filter((line) => line !== 100))
  expect(results.every(({ line, output }) => output?.value[0] === line - 1)).toBe(true)
  expect(results.every(({ line, custom_id: id }) => id === `row ${line - 1}`)).toBe(true)
  expect(await linesOf(batch.urls.errors)).toMatchObject([{ line: 100 }, { line: 601 }])

  const [webhook] = await receiver.waitFor(1, ({ body }) => JSON.parse(body).id === batch.id)
  const { key } = await bodyOf<{ key: string }>(await stack.request('/webhooks/default/secret'))
  const headers = webhook?.headers as Record<string, string>
  expect(new Webhook(key).verify(webhook?.body ?? '', headers)).toMatchObject({
    id: batch.id,
    status: 'completed',
    request_counts: last.request_counts,
  })
})
