import { type Batch, isEnded } from '@augur/core/batches/batch'
import { cancelBatch } from '@augur/core/batches/cancel-batch'
import { createBatch } from '@augur/core/batches/create-batch'
import type { BatchOutput } from '@augur/core/batches/chunk-files'
import { readOutput } from '@augur/core/batches/read-output'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import { misbehavingModel } from '@augur/test-support/faulty-models'
import { sleepingModel } from '@augur/test-support/models'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from './test/test-worker.js'

let worker: TestWorker
beforeAll(async () => {
  worker = await createTestWorker()
  const batching = { maxSize: 4, maxDelayMs: 1 }
  await sleepingModel(worker.modelsDir, { serving: { batching } })
  await misbehavingModel(worker.modelsDir, { serving: { batching } })
})
afterAll(() => worker?.close())

async function submit(model: string, inputs: readonly unknown[], expiresInMs = 600_000): Promise<string> {
  const lines = inputs.map((input, i) => ({
    kind: 'parsed' as const,
    value: { custom_id: `r${i + 1}`, input },
  }))
  const catalogue = await worker.until((now) => now.versionsOf(`augur/${model}`).length > 0)
  const { batch } = await createBatch(
    { ...worker.core, chunkFiles: worker.context.chunkFiles, now: Date.now },
    {
      version: catalogue.resolve(`augur/${model}`),
      webhook: null,
      metadata: null,
      expiresInMs,
      lines: [lines],
      idempotency: null,
    },
  )
  return batch.id
}

async function read(id: string): Promise<Batch> {
  const batch = await worker.core.batches.read(id)
  if (batch === null) throw new Error('no batch')
  return batch
}

async function ended(id: string): Promise<Batch> {
  await expect.poll(async () => isEnded((await read(id)).status)).toBe(true)
  return read(id)
}

interface Line {
  line: number
  custom_id: string
  output?: unknown
  error_code?: string
}

async function linesOf(batch: Batch, output: BatchOutput): Promise<Line[]> {
  let text = ''
  for await (const bytes of readOutput(worker.context, batch, output))
    text += Buffer.from(bytes).toString('utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

const numbersOf = (lines: readonly Line[]) => lines.map(({ line }) => line)
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test('every line is run once, and results come in the order of the lines over all chunks', async () => {
  const batch = await ended(
    await submit(
      'sleeping',
      upTo(300).map((n) => ({ value: [n, n, n] })),
    ),
  )
  expect(batch).toMatchObject({ status: 'completed', completed: 300, failed: 0 })
  const lines = await linesOf(batch, 'results')
  expect(numbersOf(lines)).toEqual(upTo(300))
  expect(lines.every(({ line, custom_id: id }) => id === `r${line}`)).toBe(true)
  expect(new Set(lines.map(({ output }) => JSON.stringify(output))).size).toBe(300)
  expect(await linesOf(batch, 'errors')).toEqual([])
})

test('a line that kills the runner fails alone, and so does one that is not valid', async () => {
  const deeds = upTo(20).map((line) => (line === 7 ? { do: 'exit' } : line === 9 ? 5 : {}))
  const killed = await ended(await submit('misbehaving', deeds))
  expect(killed).toMatchObject({ status: 'completed', completed: 18, failed: 2 })
  expect(await linesOf(killed, 'errors')).toMatchObject([
    { line: 7, custom_id: 'r7', error_code: 'runner_crashed' },
    { line: 9, custom_id: 'r9', error_code: 'invalid_input' },
  ])
  expect(numbersOf(await linesOf(killed, 'results'))).toEqual(
    upTo(20).filter((line) => line !== 7 && line !== 9),
  )
})

test('a cancelled batch keeps what is finished, and has an error for every line that was not run', async () => {
  const id = await submit(
    'sleeping',
    upTo(40).map((n) => ({ value: [n, n, n], sleepMs: 200 })),
  )
  await expect.poll(async () => (await read(id)).startedAt !== null).toBe(true)
  await cancelBatch(worker.core, id)
  const batch = await ended(id)
  expect(batch.status).toBe('cancelled')
  expect(batch.completed).toBeLessThan(40)
  const [results, errors] = [await linesOf(batch, 'results'), await linesOf(batch, 'errors')]
  expect(results).toHaveLength(batch.completed)
  expect([...numbersOf(results), ...numbersOf(errors)].toSorted((a, b) => a - b)).toEqual(upTo(40))
  expect(errors.every(({ error_code: code }) => code === 'canceled')).toBe(true)
})

test('a batch that runs out of time keeps its finished part', async () => {
  const inputs = upTo(60).map((n) => ({ value: [n, n, n], sleepMs: n < 5 ? 0 : 300 }))
  const batch = await ended(await submit('sleeping', inputs, 1000))
  expect(batch.status).toBe('expired')
  const results = numbersOf(await linesOf(batch, 'results'))
  const errors = await linesOf(batch, 'errors')
  expect([...results, ...numbersOf(errors)]).toEqual(upTo(60))
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.every(({ error_code: code }) => code === 'expired')).toBe(true)
})

test('predictions that come while a batch runs do not wait for the end of it', async () => {
  const id = await submit(
    'sleeping',
    upTo(100).map((n) => ({ value: [n, n, n], sleepMs: 300 })),
  )
  await expect.poll(async () => (await read(id)).startedAt !== null).toBe(true)
  const catalogue = await worker.catalogue()
  const { prediction } = await createPrediction(worker.core, {
    version: catalogue.resolve('augur/sleeping'),
    input: '{"value":[1,2,3]}',
    form: 'pipeline',
    class: 'submission',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })
  expect((await worker.ended(prediction.id)).status).toBe('succeeded')
  expect((await read(id)).endedAt).toBe(null)
  await cancelBatch(worker.core, id)
  await ended(id)
})

test('what a worker hands back when it leaves is done by the next', async () => {
  const id = await submit(
    'sleeping',
    upTo(30).map((n) => ({ value: [n, n, n], sleepMs: 50 })),
  )
  await expect.poll(async () => (await read(id)).startedAt !== null).toBe(true)
  await worker.restart()
  const batch = await ended(id)
  expect(batch).toMatchObject({ status: 'completed', completed: 30, failed: 0 })
  expect(numbersOf(await linesOf(batch, 'results'))).toEqual(upTo(30))
})
