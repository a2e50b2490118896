import { createPrediction } from '@augur/core/predictions/create-prediction'
import type { Prediction } from '@augur/core/predictions/prediction'
import { type SleepingInput, sleepingModel } from '@augur/test-support/models'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from './test/test-worker.js'

const one = { serving: { instances: 1, batching: { maxSize: 1 } } }
/** What the worker learns that a run usually takes. */
const usual = { sleepMs: 300 }
/** A run that goes on long after the worker expects it to end: what is claimed ahead is claimed before that. */
const long = { sleepMs: 2000 }

let worker: TestWorker
beforeEach(async () => {
  worker = await createTestWorker()
})
afterEach(() => worker.close())

async function submit(input: Partial<SleepingInput>, at: number): Promise<string> {
  const { prediction } = await createPrediction(worker.core, {
    version: (await worker.catalogue()).resolve('augur/sleeping'),
    input: JSON.stringify({ value: [at, at, at], ...input }),
    form: 'pipeline',
    class: 'submission',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })
  return prediction.id
}

/** Submits all at once, and gives what became of each. */
async function run(inputs: Partial<SleepingInput>[]): Promise<Prediction[]> {
  const ids: string[] = []
  for (const [at, input] of inputs.entries()) ids.push(await submit(input, at))
  return Promise.all(ids.map((id) => worker.ended(id)))
}

const outputOf = ({ output }: Prediction) => JSON.parse(output?.kind === 'inline' ? output.json : 'null')

/** How many were claimed before the one ahead of them ended. */
function countAhead(predictions: readonly Prediction[]): number {
  const inOrder = predictions.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0))
  return inOrder.filter((each, i) => (each.startedAt ?? 0) < (inOrder[i - 1]?.completedAt ?? 0)).length
}

test('the next prediction is claimed while its runner is still busy, and each gets its own answer', async () => {
  const { id } = await sleepingModel(worker.modelsDir, one)
  await worker.untilState(id, 'ready')
  await run([usual])
  const ended = await run([long, {}, {}])
  expect(ended.map(outputOf)).toEqual(ended.map((_, i) => ({ value: [i, i, i] })))
  expect(countAhead(ended)).toBeGreaterThan(0)
})

test('a run that kills its runner is not charged to what was claimed ahead of its turn', async () => {
  const { id } = await sleepingModel(worker.modelsDir, one)
  await worker.untilState(id, 'ready')
  await run([usual])
  const ended = await run([{ ...long, crash: true }, {}, {}])
  expect(ended.map(({ status }) => status)).toEqual(['failed', 'succeeded', 'succeeded'])
  expect(ended.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  expect(countAhead(ended)).toBeGreaterThan(0)
})

test('a worker that stops hands back what it claimed ahead, and another one runs it', async () => {
  const { id } = await sleepingModel(worker.modelsDir, one)
  await worker.untilState(id, 'ready')
  await run([usual])
  const values = Array.from({ length: 12 }, (_, at) => at)
  const ids = await Promise.all(values.map((at) => submit(at === 0 ? long : {}, at)))
  const isAhead = async () => {
    const read = await Promise.all(ids.map((each) => worker.core.predictions.read(each)))
    return read.filter((each) => each?.status === 'processing').length > 1
  }
  await expect.poll(isAhead, { interval: 2 }).toBe(true)
  await worker.restart()
  const ended = await Promise.all(ids.map((each) => worker.ended(each)))
  expect(ended.map(outputOf)).toEqual(values.map((at) => ({ value: [at, at, at] })))
})
