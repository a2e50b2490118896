import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { modelTag } from '../ids.js'
import { createGuardedAgent, type GuardedAgent } from '../outbound/guarded-agent.js'
import { createMetrics } from '../telemetry/metrics.js'
import { type DeliverContext, deliverWebhook } from './deliver-webhook.js'
import { ownDeliveryId } from './delivery.js'
import { UnsealError } from '../sealing.js'
import { replayExhausted } from './redeliver.js'
import { Receivers } from './receivers.js'

const hour = 3_600_000
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const nobodyListens = 'http://127.0.0.1:9/'

let context: TestContext
let agent: GuardedAgent
let deliver: DeliverContext
let gone: [string, string][]
let warned: object[]
const receivers: WebhookReceiver[] = []
beforeEach(async () => {
  context = await createTestContext()
  agent = createGuardedAgent({ mode: 'development', allow: [] })
  gone = []
  warned = []
  deliver = {
    ...context,
    deliveries: context.deliveryStore,
    receivers: new Receivers({
      slots: 8,
      perReceiver: 8,
      pauseMs: 30_000,
      now: context.now,
      random: () => 0.5,
    }),
    agent,
    secretsOf: async () => [secret],
    onGone: async (id, url) => void gone.push([id, url]),
    retryDelaysMs: [1000, 2000],
    metrics: createMetrics(),
    log: { warn: (cause, fields) => void warned.push({ cause, ...fields }) },
  }
})
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()))
  await agent.close()
  await context.close()
})

async function receive(answer: Parameters<typeof startWebhookReceiver>[0]): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(answer)
  receivers.push(receiver)
  return receiver
}

async function createDelivery(url: string, once = false): Promise<string> {
  const id = ownDeliveryId(modelTag('augur/test'), 'tried', context.clock.now)
  const body = '{"a":"ü"}'
  await context.deliveryStore.createOwn({ id, tenant: context.tenant, url, body }, context.clock.now, {
    once,
  })
  return id
}

/** Attempts, each when it is due, until the delivery ends. Gives how many were made. */
async function untilEnded(id: string): Promise<number> {
  for (let attempts = 0; ; attempts++) {
    const outcome = await deliverWebhook(deliver, id, 0)
    if (outcome.kind === 'ended') return attempts + 1
    context.clock.now += outcome.delayMs
  }
}

const view = (id: string) => context.deliveryStore.view(id)

test('each attempt is kept with its time, its status and what was answered', async () => {
  const answers = [500, 302, 200]
  const { url, received } = await receive((_, count) => answers[count - 1] ?? 500)
  const id = await createDelivery(url)
  expect(await untilEnded(id)).toBe(3)
  const found = await view(id)
  expect(found).toMatchObject({ state: 'delivered', attempts: 3, nextAttemptAt: null })
  expect(found?.newest.map(({ outcome, status, reason }) => [outcome, status, reason])).toEqual([
    ['refused', 500, 'status'],
    ['refused', 302, 'redirect'],
    ['delivered', 200, null],
  ])
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  // Not made again by whoever is told of it once more.
  expect(await deliverWebhook(deliver, id, 0)).toEqual({ kind: 'ended' })
  expect(received).toHaveLength(3)
})

test('a delivery without attempts left is exhausted, keeps its body, and is among the dead letters', async () => {
  const id = await createDelivery(nobodyListens)
  expect(await untilEnded(id)).toBe(3)
  expect(await view(id)).toMatchObject({ state: 'exhausted', attempts: 3 })
  const reasons = (await view(id))?.newest.map(({ outcome, reason }) => [outcome, reason])
  expect(reasons).toEqual(Array.from({ length: 3 }, () => ['failed', 'connection']))
  expect(await context.deadLetters.oldest(context.tenant, 10)).toEqual([[id, expect.any(Number)]])
  expect((await context.deliveryStore.read(id))?.delivery.body).toBe('{"a":"ü"}')
})

test('no attempt is made before the time of the next one, whoever announces it', async () => {
  const id = await createDelivery(nobodyListens)
  const outcome = await deliverWebhook(deliver, id, 0)
  expect(outcome).toMatchObject({ kind: 'again' })
  expect(await deliverWebhook(deliver, id, 0)).toMatchObject({ kind: 'later' })
  const found = await view(id)
  expect(found).toMatchObject({
    attempts: 1,
    nextAttemptAt: context.clock.now + ('delayMs' in outcome ? outcome.delayMs : 0),
  })
})

test('410 ends it, and whoever gave the URL as a default is told', async () => {
  const { url } = await receive(() => 410)
  const id = await createDelivery(url)
  expect(await untilEnded(id)).toBe(1)
  expect(await view(id)).toMatchObject({ state: 'gone' })
  expect(gone).toEqual([[id, url]])
})

test('an event that is sent once is not tried again, and is no dead letter', async () => {
  const id = await createDelivery(nobodyListens, true)
  expect(await untilEnded(id)).toBe(1)
  expect(await view(id)).toMatchObject({ state: 'exhausted', attempts: 1 })
  expect(await context.deadLetters.oldest(context.tenant, 10)).toEqual([])
})

test('a dead receiver is left alone after ten failures, and nothing of it counts as an attempt', async () => {
  deliver.retryDelaysMs = [hour, hour]
  const ids = await Promise.all(Array.from({ length: 12 }, () => createDelivery(nobodyListens)))
  const outcomes = []
  for (const id of ids) outcomes.push(await deliverWebhook(deliver, id, 0))
  expect(outcomes.map(({ kind }) => kind)).toEqual([...Array(10).fill('again'), 'later', 'later'])
  expect(await view(ids[11] ?? '')).toMatchObject({ attempts: 0, state: 'pending' })
  const { url, received } = await receive(() => 200)
  expect(await untilEnded(await createDelivery(url))).toBe(1)
  expect(received).toHaveLength(1)
  context.clock.now += 60_000
  expect(await deliverWebhook(deliver, ids[11] ?? '', 0)).toMatchObject({ kind: 'again' })
})

test('a URL that may not be dialled does not pause its receiver', async () => {
  for (let i = 0; i < 12; i++) {
    const id = await createDelivery('http://10.0.0.1/')
    expect(await deliverWebhook(deliver, id, 0)).toMatchObject({ kind: 'again' })
    expect((await view(id))?.newest[0]).toMatchObject({ reason: 'blocked_address', status: null })
  }
})

test('what a delivery keeps of its attempts and their answers is bounded', async () => {
  const attempt = { at: 1, outcome: 'refused', status: 500, reason: 'status', durationMs: 1.6 } as const
  const id = await createDelivery(nobodyListens)
  for (let i = 0; i < 30; i++) {
    await context.deliveryStore.recordAttempt(
      id,
      { ...attempt, at: i, answer: `${i}`.padEnd(20_000, 'ü') },
      i,
    )
  }
  const found = await view(id)
  expect(found?.attempts).toBe(30)
  expect(found?.newest.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, i) => i + 10))
  expect(found?.newest.map(({ answer }) => answer.length)).toEqual([...Array(19).fill(1000), 20_000])
  expect(found?.newest.at(-1)?.answer).toMatch(/^29ü/)
  await context.deliveryStore.end(id, 'delivered', { ...attempt, outcome: 'delivered', answer: '' })
  expect((await view(id))?.newest.at(-1)?.answer).toBe('')
})

test('a delivery that cannot be signed waits, says why, and uses up no attempt', async () => {
  const { url, received } = await receive(() => 200)
  const id = await createDelivery(url)
  const secretsOf = deliver.secretsOf
  deliver.secretsOf = () => Promise.reject(new UnsealError())
  let ageMs = 0
  for (let tries = 0; tries < 30; tries++) {
    const outcome = await deliverWebhook(deliver, id, ageMs)
    expect(outcome).toMatchObject({ kind: 'later' })
    if (outcome.kind === 'later') ageMs += outcome.delayMs
    context.clock.now = Math.max(context.clock.now, (await view(id))?.nextAttemptAt ?? 0)
  }
  expect(await view(id)).toMatchObject({ state: 'pending', attempts: 0, heldBy: 'signing_secret' })
  expect(warned[0]).toMatchObject({ delivery: id, heldBy: 'signing_secret', tenant: context.tenant })
  expect(ageMs).toBeGreaterThan(3_600_000)
  deliver.secretsOf = secretsOf
  expect(await untilEnded(id)).toBe(1)
  expect(received).toHaveLength(1)
  expect(await view(id)).toMatchObject({ state: 'delivered', attempts: 1, heldBy: null })
})

test('a test event that cannot be signed says so at once', async () => {
  deliver.secretsOf = () => Promise.reject(new UnsealError())
  const id = await createDelivery(nobodyListens, true)
  expect(await deliverWebhook(deliver, id, 0)).toEqual({ kind: 'ended' })
  expect((await view(id))?.newest).toMatchObject([{ outcome: 'failed', reason: 'signing_secret' }])
})

test('an error that Redis is away for is no fault of the delivery', async () => {
  deliver.secretsOf = () => Promise.reject(new Error('Connection is closed.'))
  const id = await createDelivery(nobodyListens)
  await expect(deliverWebhook(deliver, id, 0)).rejects.toThrow('Connection is closed.')
  expect(await view(id)).toMatchObject({ attempts: 0, heldBy: null })
})

test('a dead letter that is replayed at the moment it is made stays one', async () => {
  deliver.retryDelaysMs = []
  const id = await createDelivery(nobodyListens)
  const { deliveryStore } = context
  const replay = () =>
    replayExhausted({ ...context, publicBaseUrl: '', tenant: context.tenant }, 100).then(
      (each) => each.replayed,
    )
  const end = deliveryStore.end.bind(deliveryStore)
  deliver.deliveries = Object.assign(Object.create(deliveryStore), {
    end: async (...args: Parameters<typeof end>) => {
      expect(await replay()).toBe(0)
      await end(...args)
    },
  })
  await deliverWebhook(deliver, id, 0)
  expect(await view(id)).toMatchObject({ state: 'exhausted' })
  expect(await replay()).toBe(1)
  expect(await view(id)).toMatchObject({ state: 'pending' })
})

test('one that is given up again while it is replayed stays a dead letter', async () => {
  await context.deadLetters.add(context.tenant, 'a-delivery', 1000)
  const [[id, givenUpAt] = ['', 0]] = await context.deadLetters.oldest(context.tenant, 10)
  await context.deadLetters.add(context.tenant, id, 2000)
  await context.deadLetters.remove(context.tenant, id, givenUpAt)
  expect(await context.deadLetters.oldest(context.tenant, 10)).toEqual([[id, 2000]])
})
