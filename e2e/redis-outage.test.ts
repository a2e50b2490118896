import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@augur/test-support/free-port'
import { type RedisServer, startRedis } from '@augur/test-support/redis-server'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, requestGated, submitGated } from './support/gated.js'
import { allEnded, bodyOf, processing, type WirePrediction } from './support/predictions.js'
import { until } from './support/until.js'

let dir: string
let port: number
let redis: RedisServer
let models: GatedRepository
let stack: TestStack
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-outage-'))
  port = await freePort()
  redis = await startServer()
  models = await gatedRepository({ batchSize: 4 })
  stack = await startTestStack({ modelsDir: models.dir, env: { REDIS_URL: redis.url } })
})
afterAll(async () => {
  redis?.kill('SIGCONT')
  await stack?.stop()
  await redis?.stop()
  await models?.remove()
  await rm(dir, { recursive: true, force: true })
})

/** The same server each time: on its port and with its data, of which nothing that was answered is missing. */
function startServer(): Promise<RedisServer> {
  return startRedis({ appendonly: true, port, dir, settings: { appendfsync: 'always' } })
}

const statusOf = async (path: string) => (await fetch(stack.url + path)).status

/** Every request that needs Redis is refused in the same way, and the probes tell what is wrong with whom. */
async function expectUnavailable(known: string): Promise<void> {
  await until(async () => (await statusOf('/readyz')) === 503)
  const refused = await Promise.all([
    requestGated(stack, { value: [0, 0, 0] }),
    requestGated(stack, { value: [0, 0, 0] }, { headers: { prefer: 'wait' } }),
    stack.request(`/predictions/${known}`),
    stack.request(`/predictions/${known}?wait=30`),
    stack.request(`/predictions/${known}/cancel`, { method: 'POST' }),
    stack.request('/predictions'),
  ])
  for (const response of refused) {
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await bodyOf<object>(response)).toMatchObject({ code: 'unavailable' })
  }
  expect(await statusOf('/livez')).toBe(200)
  expect(await statusOf('/readyz')).toBe(503)
}

/** Submits as a careful client does: again and again, with one key, until it is accepted. */
async function submitWithKey(value: number[]): Promise<string> {
  const headers = { 'idempotency-key': value.join() }
  let response: Response | undefined
  await until(async () => {
    response = await requestGated(stack, { value }, { headers })
    if (response.status === 201) return true
    expect([409, 503]).toContain(response.status)
    await response.text()
    return false
  })
  if (!response) throw new Error('was never asked')
  return (await bodyOf(response)).id
}

async function everyPrediction(): Promise<WirePrediction[]> {
  const page = await bodyOf<{ next: string | null; results: WirePrediction[] }>(
    await stack.request('/predictions'),
  )
  expect(page.next).toBeNull()
  return page.results
}

/** What came out of each, by its status where that is not `succeeded`. */
async function answersOf(ids: string[]): Promise<unknown[]> {
  const predictions = await allEnded(stack, ids)
  return predictions.map(({ status, output }) => (status === 'succeeded' ? output?.value : status))
}

/** One that runs behind its closed gate, and the others queued behind it. */
async function fillQueue(gate: string, values: number[][]): Promise<string[]> {
  const [first = [], ...others] = values
  const running = await submitGated(stack, { value: first, gate })
  await processing(stack, [running])
  return [running, ...(await Promise.all(others.map((value) => submitGated(stack, { value }))))]
}

test('Redis killed and started again: refused meanwhile, nothing lost, and a repeated create made one', async () => {
  const values = Array.from({ length: 12 }, (_, i) => [i, 1, 0])
  const ids = await fillQueue('killed', values)
  const keyed = Array.from({ length: 24 }, (_, i) => [i, 2, 0])
  const before = await Promise.all(keyed.slice(0, 4).map(submitWithKey))
  const waiting = stack.request(`/predictions/${ids.at(-1)}?wait=1`)

  // Once the first of these is accepted, the others meet the end of Redis at whatever step they are in.
  const across = keyed.slice(4).map(submitWithKey)
  await Promise.any(across)
  redis.kill('SIGKILL')
  await redis.exited
  await expectUnavailable(ids[0] ?? '')
  expect([200, 503]).toContain((await waiting).status)
  const repeated = keyed.slice(0, 4).map(submitWithKey)
  // What ends now can only be written once Redis is back.
  await models.open('killed')

  redis = await startServer()
  await stack.ready()
  expect(await Promise.all(repeated)).toEqual(before)
  const accepted = [...before, ...(await Promise.all(across))]
  expect(await answersOf([...ids, ...accepted])).toEqual([...values, ...keyed])
  expect(await answersOf([await submitGated(stack, { value: [9, 9, 9] })])).toEqual([[9, 9, 9]])

  const made = (await everyPrediction()).filter(({ input }) => JSON.stringify(input).includes(',2,0]'))
  expect(made.map(({ id }) => id).toSorted()).toEqual(accepted.toSorted())
})

test('Redis that stands still and goes on: refused meanwhile, and nothing lost', async () => {
  const values = Array.from({ length: 8 }, (_, i) => [i, 3, 0])
  const ids = await fillQueue('stopped', values)
  redis.kill('SIGSTOP')
  await expectUnavailable(ids[0] ?? '')
  await models.open('stopped')
  redis.kill('SIGCONT')
  await stack.ready()
  expect(await answersOf(ids)).toEqual(values)
  expect(await answersOf([await submitGated(stack, { value: [8, 8, 8] })])).toEqual([[8, 8, 8]])
})
