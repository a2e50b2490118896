import { ApiKeyStore } from '@augur/core/access/api-key-store'
import { AuditLog } from '@augur/core/access/audit-log'
import { createKey } from '@augur/core/access/manage-keys'
import { createKeys } from '@augur/core/redis/keys'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepConnections, type KeptConnections } from './support/kept-connections.js'
import { sleepingRepository } from './support/sleeping.js'

const queued = 10_000
/** What may be served while the story goes on. */
const spare = 1000
const clients = 32
const batchSize = 8
// Eight of these make a micro-batch of 120 ms: the queue empties slowly.
const sleepMs = 15
const tries = 15

let models: Awaited<ReturnType<typeof sleepingRepository>>
let stack: TestStack
let connections: KeptConnections
let redis: ReturnType<TestStack['connectRedis']>
beforeAll(async () => {
  models = await sleepingRepository(batchSize)
  stack = await startTestStack({ modelsDir: models.dir })
  connections = keepConnections(stack)
  redis = stack.connectRedis()
})
afterAll(async () => {
  connections?.close()
  redis?.disconnect()
  await stack?.stop()
  await models?.remove()
})

/** Requests with a new key of this tenant. */
async function clientOf(tenant: string) {
  const keys = createKeys(stack.prefix)
  const context = {
    apiKeys: new ApiKeyStore(redis, keys),
    auditLog: new AuditLog(redis, keys),
    now: Date.now,
  }
  const { text } = await createKey(
    { ...context, by: { actor: 'static', tenant, address: '127.0.0.1' } },
    { name: tenant, tenant, scopes: ['predict', 'read'], expiresAt: null },
  )
  const headers = { authorization: `Bearer ${text}` }
  return {
    async submit(): Promise<string> {
      const input = { value: [1, 2, 3], sleepMs }
      const path = '/models/augur/sleeping/predictions'
      const { status, body } = await connections.send('POST', path, { headers, body: { input } })
      if (status !== 201) throw new Error(`not accepted: ${status} ${body}`)
      return JSON.parse(body).id
    },
    async ended(id: string): Promise<void> {
      for (let status = ''; status !== 'succeeded'; ) {
        const { body } = await connections.send('GET', `/predictions/${id}?wait=20`, { headers })
        ;({ status } = JSON.parse(body))
      }
    },
    open: () => redis.zcard(keys.tenantOpen(tenant)),
  }
}

/** When the prediction's micro-batch began, in milliseconds since 1970; all of one batch have the same. */
async function startOf(id: string): Promise<number | null> {
  const startedAt = await redis.hget(createKeys(stack.prefix).record(id), 'started_at')
  return startedAt === null ? null : Number(startedAt)
}

/** Makes a tenant's long queue. */
async function fill(tenant: Awaited<ReturnType<typeof clientOf>>): Promise<string[]> {
  const ids: string[] = []
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while ((await tenant.open()) < queued + spare) ids.push(await tenant.submit())
    }),
  )
  return ids
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

test('a tenant that submits one at a time waits for two micro-batches at most while another has 10,000 queued', async () => {
  const [many, few] = [await clientOf('many'), await clientOf('few')]
  const background = await fill(many)
  const single: { id: string; queuedAt: number }[] = []
  for (let i = 0; i < tries; i++) {
    const id = await few.submit()
    // A busy machine may take long to answer; from here on it is the queue that it waits for.
    single.push({ id, queuedAt: Date.now() })
    await few.ended(id)
  }
  expect(await many.open()).toBeGreaterThanOrEqual(queued)

  const all = await Promise.all([...background, ...single.map(({ id }) => id)].map(startOf))
  const starts = [...new Set(all)].filter((at) => at !== null)
  const waits = await Promise.all(
    single.map(async ({ id, queuedAt }) => {
      const startedAt = (await startOf(id)) ?? 0
      return starts.filter((at) => at > queuedAt && at < startedAt).length
    }),
  )
  expect(median(waits)).toBeLessThanOrEqual(2)
})
