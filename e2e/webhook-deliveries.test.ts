import { createServer } from 'node:http'
import { once } from 'node:events'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type ReceivedWebhook } from '@augur/test-support/webhook-receiver'
import { freePort } from '@augur/test-support/free-port'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allEnded, bodyOf } from './support/predictions.js'
import { sleepingRepository, submit } from './support/sleeping.js'
import { until } from './support/until.js'

let models: Awaited<ReturnType<typeof sleepingRepository>>
let stack: TestStack
beforeAll(async () => {
  models = await sleepingRepository(4)
  const env = {
    AUGUR_LOCK_SECONDS: '1',
    AUGUR_RECONCILE_GRACE_SECONDS: '1',
    AUGUR_WEBHOOK_RETRIES: '200ms,200ms,200ms,200ms,200ms,200ms,200ms,200ms,200ms',
    AUGUR_WEBHOOK_PAUSE_SECONDS: '0',
  }
  stack = await startTestStack({ modelsDir: models.dir, env })
})
afterAll(async () => {
  await stack?.stop()
  await models?.remove()
})

interface WireDelivery {
  event: string
  state: string
  attempts_made: number
  attempts: { reason: string }[]
}
interface Secret {
  key: string
}

async function post<T>(path: string, body: object = {}): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return bodyOf<T>(await stack.request(path, { method: 'POST', headers, body: JSON.stringify(body) }))
}
async function get<T>(path: string): Promise<T> {
  return bodyOf<T>(await stack.request(path))
}
async function deliveries(path: string): Promise<WireDelivery[]> {
  const { results } = await get<{ results: WireDelivery[] }>(path)
  return results.filter(({ event }) => event === 'completed')
}
const submitMany = (count: number, url: string) =>
  Promise.all(Array.from({ length: count }, (_, i) => submit(stack, { value: [i, 1, 2], sleepMs: 0 }, url)))

function verifies(secret: string, { headers, body }: ReceivedWebhook): boolean {
  try {
    const text = (name: string) => String(headers[name])
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
    new Webhook(secret).verify(body, Object.fromEntries(names.map((name) => [name, text(name)])))
    return true
  } catch {
    return false
  }
}

test('every event arrives under one webhook id although its worker is killed again and again', async () => {
  const seen = new Map<string, number>()
  const receiver = await startWebhookReceiver(({ headers }) => {
    const id = String(headers['webhook-id'])
    seen.set(id, (seen.get(id) ?? 0) + 1)
    return (seen.get(id) ?? 0) < 3 ? 500 : 200
  })
  const ids: string[] = []
  for (let kill = 0; kill < 4; kill++) {
    ids.push(...(await submitMany(25, receiver.url)))
    await receiver.waitFor(receiver.received.length + 20)
    const victim = stack.workers.at(-1)
    await victim?.end('SIGKILL')
    stack.startWorker()
    await stack.ready()
  }
  await allEnded(stack, ids)
  const isDelivered = async (id: string) =>
    (await deliveries(`/predictions/${id}/deliveries`))[0]?.state === 'delivered'
  for (const id of ids) await until(() => isDelivered(id))
  const webhookIds = await receiver.webhookIdsOf(ids)
  for (const [i, id] of ids.entries()) expect([...(webhookIds[i] ?? [])]).toContain(`msg_${id}_completed`)
  await receiver.close()
})

test('receivers that hold the old secret and those that hold the new one verify while it is rotated', async () => {
  const receiver = await startWebhookReceiver()
  const { key: old } = await get<Secret>('/webhooks/default/secret')
  const before = await submitMany(5, receiver.url)
  const { key } = await post<Secret>('/webhooks/secrets/rotate')
  await allEnded(stack, before)
  // The worker learns of it within two seconds; what it signs until then verifies with the old one as well.
  await until(async () => {
    await submitMany(1, receiver.url)
    return receiver.received.some((webhook) => verifies(key, webhook))
  })
  const after = await submitMany(5, receiver.url)
  await receiver.webhookIdsOf(after)
  const isAfter = ({ body }: ReceivedWebhook) => after.includes(JSON.parse(body).id)
  expect(receiver.received.every((webhook) => verifies(old, webhook))).toBe(true)
  expect(receiver.received.filter(isAfter).every((webhook) => verifies(key, webhook))).toBe(true)
  await receiver.close()
})

test('a receiver that is down for the whole schedule loses nothing: what was given up is replayed', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/hook`
  const ids = await submitMany(10, url)
  await allEnded(stack, ids)
  const exhausted = () => deliveries('/deliveries?state=exhausted')
  await until(async () => (await exhausted()).length === 10)
  for (const { attempts_made: made, attempts } of await exhausted()) {
    expect(made).toBe(10)
    expect(attempts.every(({ reason }) => reason === 'connection')).toBe(true)
  }
  const received = new Set<string>()
  const server = createServer((request, response) => {
    received.add(String(request.headers['webhook-id']))
    request.resume().on('end', () => response.end())
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  expect(await post('/dead-letters/replay')).toEqual({ replayed: 10, more: false })
  await until(async () => ids.every((id) => received.has(`msg_${id}_completed`)))
  await until(async () => (await exhausted()).length === 0)
  server.closeAllConnections()
  server.close()
})

test('a test event says at once what a receiver makes of it', async () => {
  const receiver = await startWebhookReceiver(() => 418)
  const told = await post('/webhooks/test', { webhook: receiver.url })
  expect(told).toMatchObject({
    event: 'test',
    state: 'exhausted',
    attempts: [{ outcome: 'refused', status: 418 }],
  })
  expect(receiver.received).toHaveLength(1)
  await receiver.close()
})
