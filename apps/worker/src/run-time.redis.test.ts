import { createPrediction } from '@augur/core/predictions/create-prediction'
import { endlessModel, misbehavingModel } from '@augur/test-support/faulty-models'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from './test/test-worker.js'

let worker: TestWorker
beforeEach(async () => {
  worker = await createTestWorker()
})
afterEach(() => worker.close())

async function submit(model: string, input: unknown, timeoutMs: number | null): Promise<string> {
  const { prediction } = await createPrediction(worker.core, {
    version: (await worker.catalogue()).resolve(model),
    input: JSON.stringify(input),
    form: 'pipeline',
    class: 'submission',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
    timeoutMs,
  })
  return prediction.id
}

test('a prediction that runs alone for longer than its caller allows fails, and its runner serves again', async () => {
  const { id } = await misbehavingModel(worker.modelsDir)
  await worker.untilState(id, 'ready')
  const slow = await submit(id, { do: 'sleep', ms: 600_000 }, 300)
  expect(await worker.ended(slow)).toMatchObject({ status: 'failed', errorCode: 'timeout', attempt: 1 })
  expect(await worker.ended(await submit(id, {}, null))).toMatchObject({ status: 'succeeded' })
})

test('native code that does not end is ended by its caller’s time', async () => {
  const { id } = await endlessModel(worker.modelsDir)
  await worker.untilState(id, 'ready')
  const endless = await submit(id, { x: [1] }, 200)
  expect(await worker.ended(endless)).toMatchObject({ status: 'failed', errorCode: 'timeout' })
})

test('in a micro-batch only the prediction whose time is up fails, and those beside it are not run again', async () => {
  const serving = { batching: { maxSize: 4, maxDelayMs: 200 } }
  const { id } = await misbehavingModel(worker.modelsDir, { serving })
  await worker.untilState(id, 'ready')
  const input = { do: 'sleep', ms: 400 }
  const ids = await Promise.all([submit(id, input, 100), submit(id, input, null), submit(id, input, 60_000)])
  const [hurried, ...others] = await Promise.all(ids.map((each) => worker.ended(each)))
  expect(hurried).toMatchObject({ status: 'failed', errorCode: 'timeout' })
  for (const other of others) expect(other).toMatchObject({ status: 'succeeded', attempt: 1 })
})

test('a run within its time is left alone', async () => {
  const { id } = await misbehavingModel(worker.modelsDir)
  await worker.untilState(id, 'ready')
  expect(await worker.ended(await submit(id, {}, 20_000))).toMatchObject({ status: 'succeeded' })
})
