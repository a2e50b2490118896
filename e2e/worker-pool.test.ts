import { freePort } from '@augur/test-support/free-port'
import { sumModel } from '@augur/test-support/models'
import { type StackProcess, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, requestGated, submitGated } from './support/gated.js'
import { readMetric } from './support/metrics.js'
import { allEnded, bodyOf, ended, read, servedBy } from './support/predictions.js'
import { until } from './support/until.js'

interface PooledWorker {
  process: StackProcess
  /** Its side port. */
  url: string
}

let models: GatedRepository
let stack: TestStack
const pool: PooledWorker[] = []
beforeAll(async () => {
  models = await gatedRepository()
  await sumModel(models.dir)
  // Short locks make lost workers show soon; the budget is for workers that die of themselves, not of this story.
  const env = {
    AUGUR_LOCK_SECONDS: '1',
    AUGUR_MAX_LOST_WORKERS: '50',
    AUGUR_RECONCILE_GRACE_SECONDS: '1',
    AUGUR_NO_WORKER_GRACE_SECONDS: '0',
  }
  stack = await startTestStack({ modelsDir: models.dir, workers: 0, env })
})
afterAll(async () => {
  await stack?.stop()
  await models?.remove()
})

async function join(env: Record<string, string> = {}): Promise<PooledWorker> {
  const port = await freePort()
  const worker = {
    process: stack.startWorker({ ...env, AUGUR_WORKER_PORT: String(port) }),
    url: `http://127.0.0.1:${port}`,
  }
  pool.push(worker)
  return worker
}

/** As the API knows it, which refuses to wait for anything else. */
async function stateOfGated(): Promise<string | undefined> {
  const health = await bodyOf<{ models: { model: string; state: string }[] }>(await stack.request('/health'))
  return health.models.find(({ model }) => model === 'augur/gated')?.state
}

async function leave(worker: PooledWorker | undefined, signal: NodeJS.Signals): Promise<void> {
  await worker?.process.end(signal)
  pool.splice(0, pool.length, ...pool.filter((other) => other !== worker))
}

const runningOn = ({ url }: PooledWorker) => readMetric(url, 'augur_running_micro_batches')
const endedBy = ({ url }: PooledWorker) => readMetric(url, 'augur_predictions_total')
const json = { 'content-type': 'application/json' }

function requestSum(x: number[], headers: Record<string, string> = {}): Promise<Response> {
  return stack.request('/models/augur/sum/predictions', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify({ input: { x } }),
  })
}

test('workers that join, and one that joins later, share the queue', async () => {
  await join()
  await join()
  await stack.ready()
  await servedBy(stack, 'augur/gated', 2)
  await join()
  const values: number[][] = []
  const ids: string[] = []
  do {
    const more = Array.from({ length: 20 }, (_, i) => [values.length + i, 0.5, 7])
    values.push(...more)
    ids.push(...(await Promise.all(more.map((value) => submitGated(stack, { value })))))
    await allEnded(stack, ids)
  } while ((await Promise.all(pool.map((worker) => endedBy(worker).catch(() => 0)))).includes(0))
  const predictions = await allEnded(stack, ids)
  expect(predictions.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'))
  expect(predictions.map(({ output }) => output?.value)).toEqual(values)
})

test('a worker that is killed takes no prediction with it', async () => {
  const held = Array.from({ length: 12 }, (_, i) => [i, 1.5, 8])
  const ids = await Promise.all(held.map((value) => submitGated(stack, { value, gate: 'kill' })))
  // Each of the three runs one behind the closed gate, so whichever dies takes one with it.
  await until(async () => !(await Promise.all(pool.map(runningOn))).includes(0))
  await leave(pool[0], 'SIGKILL')
  await models.open('kill')
  const predictions = await allEnded(stack, ids)
  expect(predictions.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'))
  expect(predictions.map(({ output }) => output?.value)).toEqual(held)
})

test('a worker with AUGUR_MODELS serves those models and leaves the others alone', async () => {
  await join({ AUGUR_MODELS: 'augur/sum' })
  for (const worker of pool.slice(0, 2)) await leave(worker, 'SIGTERM')
  await servedBy(stack, 'augur/gated', 0)
  await stack.ready()
  const other = await submitGated(stack, { value: [1, 2, 3] })
  const own = await requestSum([1, 2, 3], { prefer: 'wait' })
  expect(await bodyOf(own)).toMatchObject({ status: 'succeeded', output: { y: [2, 4, 6] } })
  expect((await read(stack, other)).status).toBe('starting')
  await join({ AUGUR_MODELS: 'gated' })
  expect((await ended(stack, other)).status).toBe('succeeded')
})

test('without a worker submissions wait in the queue, who wants to wait is refused, and nothing is lost', async () => {
  while (pool.length > 0) await leave(pool[0], 'SIGTERM')
  await servedBy(stack, 'augur/gated', 0)
  const values = [0, 1, 2].map((i) => [i, 2.5, 9])
  const submitted = []
  for (const value of values) submitted.push(await bodyOf(await requestGated(stack, { value })))
  const waiting = submitted.map((_, i) => ({ status: 'starting', queue_position: i }))
  expect(submitted).toMatchObject(waiting)
  expect(await Promise.all(submitted.map(({ id }) => read(stack, id)))).toMatchObject(waiting)

  const refused = await requestGated(stack, { value: [1, 1, 1] }, { headers: { prefer: 'wait' } })
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await bodyOf<object>(refused)).toMatchObject({ code: 'no_worker' })

  await join()
  const predictions = await allEnded(
    stack,
    submitted.map(({ id }) => id),
  )
  expect(predictions.map(({ output }) => output?.value)).toEqual(values)
  await until(async () => (await stateOfGated()) === 'ready')
  const served = await requestGated(stack, { value: [3, 2, 1] }, { headers: { prefer: 'wait' } })
  expect(await bodyOf(served)).toMatchObject({ status: 'succeeded', output: { value: [3, 2, 1] } })
})
