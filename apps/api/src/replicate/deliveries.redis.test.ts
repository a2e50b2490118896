import { randomToken } from '@augur/core/ids'
import type { Prediction } from '@augur/core/predictions/prediction'
import { finishPredictions } from '@augur/core/predictions/finish-predictions'
import { deliveryId, ownDeliveryId } from '@augur/core/webhooks/delivery'
import { testVersion } from '@augur/test-support/test-context'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi, validInput } from '../test/test-api.js'
import { deliveryListSchema, deliveryPageSchema, deliverySchema, replayedSchema } from './delivery-schemas.js'
import { predictionSchema } from './schemas.js'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({ AUGUR_REQUIRE_KEY: 'true' })
})
afterAll(() => api.close())

let tenants = 0
/** A tenant of its own, so that tests do not see each other's deliveries. */
async function newTenant() {
  const tenant = `t${++tenants}`
  return { tenant, headers: await api.signIn(tenant) }
}
type Tenant = Awaited<ReturnType<typeof newTenant>>

const webhook = 'http://127.0.0.1:9/hook'

/** A prediction that succeeded, with a delivery for `completed` that waits. */
async function succeeded({ headers }: Tenant, events: string[] = ['completed']): Promise<Prediction> {
  const { core } = api
  const body = { version: testVersion.id, input: validInput, webhook, webhook_events_filter: events }
  const { id } = predictionSchema.parse(await (await api.post('/api/v1/predictions', body, headers)).json())
  const [claimed] = await core.predictions.claim([{ id, epoch: 0, token: randomToken() }], Date.now())
  if (claimed?.kind !== 'claimed') throw new Error('not claimed')
  const { prediction } = claimed
  const output = { kind: 'inline' as const, json: '{"y":[2,4,6]}' }
  const ending = { status: 'succeeded' as const, output, error: null, errorCode: null, provenance: null }
  await finishPredictions(core, [{ prediction, ending: { ...ending, completedAt: Date.now() } }])
  return prediction
}

const failedAttempt = {
  at: 1_700_000_000_000,
  outcome: 'refused' as const,
  status: 500,
  reason: 'status',
  durationMs: 12.4,
  answer: 'x'.repeat(20_000),
}

async function giveUp({ tenant, id }: Prediction): Promise<string> {
  const delivery = deliveryId(id, 'completed')
  await api.core.deadLetters.add(tenant, delivery, Date.now())
  await api.core.deliveryStore.end(delivery, 'exhausted', failedAttempt)
  return delivery
}

async function get(path: string, { headers }: Pick<Tenant, 'headers'>): Promise<Response> {
  return api.app.request(`/api/v1${path}`, { headers })
}
const post = (path: string, { headers }: Pick<Tenant, 'headers'>, body: object = {}) =>
  api.post(`/api/v1${path}`, body, headers)

test('the deliveries of a prediction come in the order of its events, with each attempt', async () => {
  const owner = await newTenant()
  const { id } = await succeeded(owner, ['output', 'completed'])
  await api.core.deliveryStore.recordAttempt(deliveryId(id, 'output'), failedAttempt, Date.now() + 60_000)
  const list = deliveryListSchema.parse(await (await get(`/predictions/${id}/deliveries`, owner)).json())
  expect(list.results.map(({ event, state }) => [event, state])).toEqual([
    ['output', 'pending'],
    ['completed', 'pending'],
  ])
  const [output] = list.results
  expect(output).toMatchObject({ source: id, webhook, webhook_id: `msg_${id}_output`, attempts_made: 1 })
  expect(Date.parse(output?.next_attempt_at ?? '')).toBeGreaterThan(Date.now())
  expect(output?.attempts).toEqual([
    {
      at: '2023-11-14T22:13:20.000Z',
      outcome: 'refused',
      status: 500,
      reason: 'status',
      duration_ms: 12,
      answer: failedAttempt.answer,
    },
  ])
  const one = deliverySchema.parse(await (await get(`/deliveries/${id}.output`, owner)).json())
  expect(one).toEqual(output)
})

test('pages hold each delivery once, newest first, of predictions and batches alike', async () => {
  const owner = await newTenant()
  const expected: string[] = []
  for (let i = 0; i < 7; i++) {
    const { id } = await succeeded(owner, ['output', 'completed'])
    expected.unshift(`${id}.completed`, `${id}.output`)
  }
  const seen: string[] = []
  let path: string | null = '/deliveries?limit=3'
  while (path !== null) {
    const page: ReturnType<typeof deliveryPageSchema.parse> = deliveryPageSchema.parse(
      await (await get(path, owner)).json(),
    )
    expect(page.results.length).toBeLessThanOrEqual(3)
    seen.push(...page.results.map(({ id }) => id))
    path = page.next && page.next.slice(page.next.indexOf('/deliveries'))
  }
  expect(seen).toEqual(expected)
})

test('tests and stopped rollouts are listed with the others, newest first', async () => {
  const owner = await newTenant()
  const { tenant } = owner
  const { id } = await succeeded(owner)
  const body = '{}'
  const made = ['test', 'rollout-stopped', 'test'].map((event, i) =>
    ownDeliveryId(api.core.tag, event, Date.now() + 1 + i),
  )
  for (const own of made)
    await api.core.deliveryStore.createOwn({ id: own, tenant, url: webhook, body }, Date.now())
  const expected = [...made.toReversed(), `${id}.completed`]
  const seen: string[] = []
  let path: string | null = '/deliveries?limit=1'
  while (path !== null) {
    const page: ReturnType<typeof deliveryPageSchema.parse> = deliveryPageSchema.parse(
      await (await get(path, owner)).json(),
    )
    seen.push(...page.results.map((each) => each.id))
    path = page.next && page.next.slice(page.next.indexOf('/deliveries'))
  }
  expect(seen).toEqual(expected)
  expect((await get(`/deliveries/${made[0]}`, owner)).status).toBe(200)
  expect((await get(`/deliveries/${made[0]}`, await newTenant())).status).toBe(404)
})

test('a list can be asked for one state, cuts answers, and refuses a cursor of something else', async () => {
  const owner = await newTenant()
  const given = await giveUp(await succeeded(owner))
  await succeeded(owner)
  const page = deliveryPageSchema.parse(await (await get('/deliveries?state=exhausted', owner)).json())
  expect(page.results.map(({ id }) => id)).toEqual([given])
  expect(page.results[0]?.attempts[0]?.answer).toHaveLength(1000)
  const cursor = Buffer.from('nonsense').toString('base64url')
  expect((await problemOf(await get(`/deliveries?cursor=${cursor}`, owner))).code).toBe('invalid_request')
})

test('a delivery that was given up is made again, with its old attempts and its old body', async () => {
  const owner = await newTenant()
  const delivery = await giveUp(await succeeded(owner))
  const before = await api.core.deliveryStore.read(delivery)
  const again = deliverySchema.parse(await (await post(`/deliveries/${delivery}/redeliver`, owner)).json())
  expect(again).toMatchObject({ state: 'pending', attempts_made: 1 })
  const after = await api.core.deliveryStore.read(delivery)
  expect(after).toEqual({ ...before, pending: true, attempts: 0 })
  expect(await api.core.deliveries.has([delivery])).toEqual([true])
  const pending = await api.core.deliveryStore.pendingBetween(api.core.tag, 0, Date.now(), 1000)
  expect(pending.map(([id]) => id)).toContain(delivery)
})

test('a delivered one is made again with its prediction as it is; what came before the end is not', async () => {
  const owner = await newTenant()
  const { id } = await succeeded(owner, ['output', 'completed'])
  for (const event of ['output', 'completed'] as const) {
    await api.core.deliveryStore.end(deliveryId(id, event), 'delivered', {
      ...failedAttempt,
      outcome: 'delivered',
    })
  }
  expect((await post(`/deliveries/${id}.completed/redeliver`, owner)).status).toBe(200)
  const body = (await api.core.deliveryStore.read(deliveryId(id, 'completed')))?.delivery.body ?? ''
  expect(JSON.parse(body)).toMatchObject({ id, status: 'succeeded', output: { y: [2, 4, 6] } })
  expect((await problemOf(await post(`/deliveries/${id}.output/redeliver`, owner))).code).toBe('gone')
})

test('one that waits for its next attempt waits no longer', async () => {
  const owner = await newTenant()
  const { id } = await succeeded(owner)
  const delivery = deliveryId(id, 'completed')
  await api.core.deliveryStore.recordAttempt(delivery, failedAttempt, Date.now() + 3_600_000)
  const hurried = deliverySchema.parse(await (await post(`/deliveries/${delivery}/redeliver`, owner)).json())
  expect(hurried).toMatchObject({ state: 'pending', next_attempt_at: null, attempts_made: 1 })
  expect(await api.core.deliveryStore.read(delivery)).toMatchObject({ nextAt: 0, attempts: 1 })
})

test('everything that was given up is made again in bulk, the oldest first, and only the tenant’s own', async () => {
  const [owner, other] = [await newTenant(), await newTenant()]
  const mine: string[] = []
  for (let i = 0; i < 3; i++) mine.push(await giveUp(await succeeded(owner)))
  const foreign = await giveUp(await succeeded(other))
  const replay = async (body: object) =>
    replayedSchema.parse(await (await post('/dead-letters/replay', owner, body)).json())
  expect(await replay({ limit: 2 })).toEqual({ replayed: 2, more: true })
  expect(await replay({})).toEqual({ replayed: 1, more: false })
  expect(await replay({})).toEqual({ replayed: 0, more: false })
  for (const id of mine) expect(await api.core.deliveryStore.state(id)).toBe('pending')
  expect(await api.core.deliveryStore.state(foreign)).toBe('exhausted')
})

test('a prediction that was removed takes its deliveries with it, also from the dead letters', async () => {
  const owner = await newTenant()
  const prediction = await succeeded(owner)
  const delivery = await giveUp(prediction)
  await api.app.request(`/api/v1/predictions/${prediction.id}`, { method: 'DELETE', headers: owner.headers })
  expect((await problemOf(await get(`/deliveries/${delivery}`, owner))).code).toBe('not_found')
  expect(await (await post('/dead-letters/replay', owner)).json()).toEqual({ replayed: 0, more: false })
})

test('a test event is answered with what came of it', async () => {
  const owner = await newTenant()
  const answering = post('/webhooks/test', owner, { webhook })
  const { core } = api
  const queued = async () => {
    const prefix = `${core.keys.deliveryQueuePrefix}:deliveries:`
    const found = await core.redis.keys(`${prefix}*.test`)
    return found.map((key) => key.slice(prefix.length))
  }
  await expect.poll(queued).toHaveLength(1)
  const [id = ''] = await queued()
  expect(await core.deliveryStore.read(id)).toMatchObject({ isOnce: true, delivery: { url: webhook } })
  await core.deliveryStore.end(id, 'delivered', {
    ...failedAttempt,
    outcome: 'delivered',
    status: 204,
    reason: null,
  })
  const told = deliverySchema.parse(await (await answering).json())
  expect(told).toMatchObject({ event: 'test', state: 'delivered', attempts: [{ status: 204 }] })
})

test('a test event goes nowhere that a webhook could not', async () => {
  const owner = await newTenant()
  const refused = await post('/webhooks/test', owner, { webhook: 'http://10.0.0.1/' })
  expect((await problemOf(refused)).code).toBe('url_not_allowed')
})
