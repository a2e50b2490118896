import { ApiKeyStore } from '@augur/core/access/api-key-store'
import { AuditLog } from '@augur/core/access/audit-log'
import { createKey } from '@augur/core/access/manage-keys'
import { createKeys } from '@augur/core/redis/keys'
import { freePort } from '@augur/test-support/free-port'
import { sumModel } from '@augur/test-support/models'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedInput, type GatedRepository, gatedRepository } from './support/gated.js'
import { keepConnections, type KeptConnections } from './support/kept-connections.js'
import { readMetric } from './support/metrics.js'
import type { WirePrediction } from './support/predictions.js'
import { until } from './support/until.js'

const many = 2000
const clients = 16

let models: GatedRepository
let stack: TestStack
let connections: KeptConnections
let redis: ReturnType<TestStack['connectRedis']>
let workerUrl: string
beforeAll(async () => {
  // All of them fit into one run.
  models = await gatedRepository({ batchSize: many, maxDelayMs: 10_000 })
  await sumModel(models.dir)
  const port = await freePort()
  workerUrl = `http://127.0.0.1:${port}`
  stack = await startTestStack({ modelsDir: models.dir, env: { AUGUR_WORKER_PORT: String(port) } })
  connections = keepConnections(stack)
  redis = stack.connectRedis()
})
afterAll(async () => {
  connections?.close()
  redis?.disconnect()
  await stack?.stop()
  await models?.remove()
})

/** What a tenant of its own can ask for. */
async function tenant(name: string) {
  const keys = createKeys(stack.prefix)
  const { text } = await createKey(
    {
      apiKeys: new ApiKeyStore(redis, keys),
      auditLog: new AuditLog(redis, keys),
      now: Date.now,
      by: { actor: 'static', tenant: name, address: '127.0.0.1' },
    },
    { name, tenant: name, scopes: ['predict', 'read'], expiresAt: null },
  )
  const ask = async (method: string, path: string, body?: object, more: Record<string, string> = {}) => {
    const headers = { authorization: `Bearer ${text}`, ...more }
    const answer = await connections.send(method, path, { headers, ...(body && { body }) })
    expect(answer.status).toBeLessThan(300)
    const prediction: WirePrediction = JSON.parse(answer.body)
    return prediction
  }
  return {
    submit: async (input: GatedInput) => (await ask('POST', '/models/augur/gated/predictions', { input })).id,
    sum: () =>
      ask('POST', '/models/augur/sum/predictions', { input: { x: [1, 2, 3] } }, { prefer: 'wait=50' }),
    cancel: (id: string) => ask('POST', `/predictions/${id}/cancel`),
    read: (id: string) => ask('GET', `/predictions/${id}?wait=20`),
  }
}

/** Does it for each of them, a few at a time. */
async function each<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const entries = items.entries()
  const client = async () => {
    for (const [i, item] of entries) results[i] = await act(item)
  }
  await Promise.all(Array.from({ length: clients }, client))
  return results
}

async function countStatus(ids: readonly string[], status: string): Promise<number> {
  const keys = createKeys(stack.prefix)
  const found = await Promise.all(ids.map((id) => redis.hget(keys.record(id), 'status')))
  return found.filter((each_) => each_ === status).length
}

/** Asks for one prediction after the other until told to stop. */
function keepAsking(ask: () => Promise<WirePrediction>) {
  const answers: WirePrediction[] = []
  const stopping = new AbortController()
  const asking = (async () => {
    while (!stopping.signal.aborted) answers.push(await ask())
  })()
  return {
    answers,
    async stop() {
      stopping.abort()
      await asking
    },
  }
}

test('who cancels 2,000 running predictions gets them all canceled at once, and nobody else notices', async () => {
  const [noisy, neighbour] = [await tenant('noisy'), await tenant('neighbour')]
  const blocker = await noisy.submit({ value: [0, 0, 0], gate: 'blocker' })
  await until(async () => (await countStatus([blocker], 'processing')) === 1)
  const numbers = Array.from({ length: many }, (_, i) => i)
  const ids = await each(numbers, (i) => noisy.submit({ value: [1, 1, i], gate: 'never' }))
  await models.open('blocker')
  // One step claims a whole micro-batch.
  await until(async () => (await countStatus(ids.slice(-1), 'processing')) === 1)
  expect(await countStatus(ids, 'processing')).toBe(many)

  const behind = await neighbour.submit({ value: [2, 2, 2] })
  const elsewhere = keepAsking(() => neighbour.sum())
  await until(() => elsewhere.answers.length > 0)
  const before = elsewhere.answers.length
  const canceled = await each(ids, (id) => noisy.cancel(id))
  const during = elsewhere.answers.length - before

  expect(new Set(canceled.map(({ status }) => status))).toEqual(new Set(['canceled']))
  expect(during).toBeGreaterThan(0)
  // Nobody is left in that run, so that it is ended, once, for those behind it.
  let served = await neighbour.read(behind)
  while (served.status !== 'succeeded') served = await neighbour.read(behind)
  expect(served.output).toEqual({ value: [2, 2, 2] })
  await elsewhere.stop()
  expect(elsewhere.answers.every(({ status }) => status === 'succeeded')).toBe(true)
  expect(await readMetric(workerUrl, 'augur_runs_total', { outcome: 'crashed' })).toBe(1)
  expect(await countStatus(ids, 'canceled')).toBe(many)
})
