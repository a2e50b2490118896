import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { modelTag } from '../ids.js'
import { createGuardedAgent, type GuardedAgent } from '../outbound/guarded-agent.js'
import { createMetrics } from '../telemetry/metrics.js'
import { SparingLog } from '../telemetry/sparing-log.js'
import { deliverWebhook } from '../webhooks/deliver-webhook.js'
import { ownDeliveryId } from '../webhooks/delivery.js'
import { Receivers } from '../webhooks/receivers.js'
import { consumeDeliveries } from './delivery-queue.js'

const slots = 16
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`

let context: TestContext
let agent: GuardedAgent
let receiver: WebhookReceiver
let dead: { server: Server; sockets: Set<Socket>; url: string }
let consumer: { close(): Promise<void> }
beforeEach(async () => {
  context = await createTestContext()
  agent = createGuardedAgent({ mode: 'development', allow: [] })
  dead = await neverAnswering()
})
afterEach(async () => {
  // Attempts under way to the dead receiver end with its connections.
  for (const socket of dead.sockets) socket.destroy()
  dead.server.close()
  await consumer.close()
  await Promise.all([receiver.close(), agent.dispatcher.destroy()])
  await context.close()
})

/** Accepts connections and says nothing. */
async function neverAnswering() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, sockets, url: `http://127.0.0.1:${port}/` }
}

async function queue(url: string, count: number, sharedJob?: string): Promise<string[]> {
  const now = Date.now()
  const ids = Array.from({ length: count }, () => ownDeliveryId(modelTag('augur/test'), 'tried', now))
  for (const id of ids)
    await context.deliveryStore.createOwn({ id, tenant: 'default', url, body: `{"id":"${id}"}` }, now)
  await context.deliveries.add(ids, sharedJob)
  return ids
}

function consume(retryDelaysMs: readonly number[] = [1]) {
  const deliver = {
    ...context,
    deliveries: context.deliveryStore,
    receivers: new Receivers({ slots, perReceiver: slots, pauseMs: 30_000, now: Date.now }),
    agent,
    secretsOf: async () => [secret],
    onGone: async () => {},
    retryDelaysMs,
    metrics: createMetrics(),
    log: new SparingLog(context.logger, 1000),
    now: Date.now,
  }
  consumer = consumeDeliveries({
    ...context,
    concurrency: slots,
    lock: { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 },
    deliver: (id, ageMs) => deliverWebhook(deliver, id, ageMs),
  })
}

test('a receiver that hangs, with hundreds of deliveries before those of others, keeps nobody waiting', async () => {
  receiver = await startWebhookReceiver()
  await queue(dead.url, 300)
  const ids = await queue(receiver.url, 50)
  consume()
  await receiver.waitFor(50)
  expect(new Set(receiver.received.map(({ body }) => JSON.parse(body).id))).toEqual(new Set(ids))
  expect(dead.sockets.size).toBeLessThanOrEqual(4)
})

test('every delivery is made again until it is taken, under one webhook id', async () => {
  const tries = new Map<string, number>()
  receiver = await startWebhookReceiver(({ body }) => {
    const count = (tries.get(body) ?? 0) + 1
    tries.set(body, count)
    return count < 3 ? 400 : 204
  })
  const ids = await queue(receiver.url, 20)
  consume([1, 1, 1])
  await receiver.waitFor(60)
  const webhookIds = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
  expect(webhookIds.size).toBe(20)
  await expect
    .poll(() => Promise.all(ids.map((id) => context.deliveryStore.state(id))))
    .toEqual(Array(20).fill('delivered'))
  await expect.poll(() => context.deliveries.has(ids)).toEqual(Array(20).fill(false))
})

test('deliveries that share a job are each made until they are taken, and those that were are not made again', async () => {
  const taken = new Set<string>()
  receiver = await startWebhookReceiver(({ body }, count) => {
    if (count % 3 !== 0) return 503
    taken.add(body)
    return 204
  })
  const ids = await queue(receiver.url, 20, 'shared')
  consume(Array(200).fill(1))
  await expect
    .poll(() => Promise.all(ids.map((id) => context.deliveryStore.state(id))))
    .toEqual(Array(20).fill('delivered'))
  expect(taken.size).toBe(20)
  expect(receiver.received).toHaveLength(60)
  await expect.poll(() => context.deliveries.has(['shared', ...ids])).toEqual(Array(21).fill(false))
})

test('a job of many deliveries to a receiver that hangs keeps nobody waiting', async () => {
  receiver = await startWebhookReceiver()
  for (const name of ['first', 'second', 'third']) await queue(dead.url, 32, name)
  const ids = await queue(receiver.url, 32, 'last')
  consume()
  await receiver.waitFor(32)
  expect(new Set(receiver.received.map(({ body }) => JSON.parse(body).id))).toEqual(new Set(ids))
  expect(dead.sockets.size).toBeLessThanOrEqual(4)
})

test('one that waits for its next attempt is made at once when it is hurried', async () => {
  receiver = await startWebhookReceiver((_, count) => (count === 1 ? 500 : 200))
  const [id = ''] = await queue(receiver.url, 1)
  consume([3_600_000])
  await receiver.waitFor(1)
  await expect.poll(async () => (await context.deliveryStore.view(id))?.attempts).toBe(1)
  await context.deliveryStore.reopen(id, null, Date.now())
  await expect
    .poll(async () => {
      await context.deliveries.hurry([id])
      return receiver.received.length
    })
    .toBe(2)
})

test('a delivery that fails by a fault of ours is tried again, and the log says so in few lines', async () => {
  receiver = await startWebhookReceiver()
  const lines: object[] = []
  const logger = Object.assign(Object.create(context.logger), {
    warn: (fields: object) => void lines.push(fields),
  })
  let tries = 0
  consumer = consumeDeliveries({
    ...context,
    logger,
    concurrency: slots,
    lock: { durationMs: 10_000, stalledIntervalMs: 5000, maxLostWorkers: 5 },
    deliver: async () => {
      if (++tries <= 20) throw new Error('no idea')
      return { kind: 'ended' }
    },
  })
  const ids = await queue(receiver.url, 20)
  await expect.poll(() => context.deliveries.has(ids)).toEqual(Array(20).fill(false))
  expect(lines[0]).toMatchObject({ err: { message: 'no idea' }, delivery: expect.any(String), failures: 1 })
  expect(lines.length).toBeLessThan(5)
})
