import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { cancelPrediction } from './cancel-prediction.js'
import { createPrediction, type NewPrediction } from './create-prediction.js'
import { finishPredictions } from './finish-predictions.js'
import { listPredictions } from './list-predictions.js'
import type { Ending, Prediction } from './prediction.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const wanted: NewPrediction = {
  version: testVersion,
  input: '{"x":[1,2,3]}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
}

const success = (json: string): Ending => ({
  status: 'succeeded',
  output: { kind: 'inline', json },
  error: null,
  errorCode: null,
  completedAt: context.clock.now,
  provenance: null,
})

async function create(more: Partial<NewPrediction> = {}): Promise<Prediction> {
  const {
    prediction: { id },
  } = await createPrediction(context, { ...wanted, ...more })
  return read(id)
}

async function read(id: string): Promise<Prediction> {
  const prediction = await context.predictions.read(id)
  if (!prediction) throw new Error('the prediction must exist')
  return prediction
}

async function claim(id: string, epoch = 0): Promise<Prediction> {
  const [outcome] = await context.predictions.claim([{ id, epoch, token: randomToken() }], context.clock.now)
  if (outcome?.kind !== 'claimed') throw new Error(`not claimed but ${outcome?.kind}`)
  return outcome.prediction
}

test('a prediction is created, claimed and finished, and reads back whole', async () => {
  const { id } = await create()
  const claimed = await claim(id)
  expect(claimed).toMatchObject({ status: 'processing', attempt: 1, startedAt: context.clock.now })
  expect(await finishPredictions(context, [{ prediction: claimed, ending: success('{"y":1}') }])).toEqual([
    'finished',
  ])
  expect(await read(id)).toMatchObject({
    status: 'succeeded',
    input: { kind: 'inline', json: wanted.input },
    output: { kind: 'inline', json: '{"y":1}' },
  })
})

test('the token is the fence: who lost its claim can no longer end the prediction', async () => {
  const { id } = await create()
  const slow = await claim(id)
  const fast = await claim(id)
  expect(await finishPredictions(context, [{ prediction: slow, ending: success('"slow"') }])).toEqual([
    'fenced',
  ])
  expect(await finishPredictions(context, [{ prediction: fast, ending: success('"fast"') }])).toEqual([
    'finished',
  ])
  expect((await read(id)).output).toEqual({ kind: 'inline', json: '"fast"' })
})

test('a terminal status absorbs: later claims, ends and cancels change nothing', async () => {
  const { id } = await create()
  const claimed = await claim(id)
  const canceled = await cancelPrediction(context, id)
  expect(canceled.status).toBe('canceled')
  expect(await finishPredictions(context, [{ prediction: claimed, ending: success('1') }])).toEqual(['ended'])
  const again = await context.predictions.claim([{ id, epoch: 0, token: 't' }], context.clock.now)
  expect(again).toEqual([{ kind: 'ended' }])
  expect(await cancelPrediction(context, id)).toEqual(await read(id))
})

test('cancelling a queued prediction takes its job out of the queue', async () => {
  const prediction = await create()
  expect(await context.queues.has(context.target, [prediction])).toEqual([true])
  await cancelPrediction(context, prediction.id)
  expect(await context.queues.has(context.target, [prediction])).toEqual([false])
})

test('a job of an older epoch is void', async () => {
  const { id } = await create()
  expect(await context.predictions.advanceEpoch(id, 0)).toBe(true)
  expect(await context.predictions.advanceEpoch(id, 0)).toBe(false)
  const outcomes = await context.predictions.claim([{ id, epoch: 0, token: 't' }], context.clock.now)
  expect(outcomes).toEqual([{ kind: 'stale' }])
  expect((await claim(id, 1)).status).toBe('processing')
})

test('a charge counts only for who holds the prediction', async () => {
  const { id } = await create()
  const first = await claim(id)
  expect(await context.predictions.charge(id, first.token)).toBe(1)
  const second = await claim(id)
  expect(await context.predictions.charge(id, first.token)).toBe(0)
  expect(await context.predictions.charge(id, second.token)).toBe(2)
})

test('creating the same id twice creates it once', async () => {
  const prediction = await create()
  expect(await context.predictions.create([prediction])).toEqual([{ kind: 'exists' }])
  expect(await context.predictions.counts(context.tag, testVersion.id)).toMatchObject({
    accepted: 1,
    open: 1,
  })
})

test('accepted is always open plus terminal, whatever happens in whatever order', async () => {
  const step = fc.record({
    what: fc.constantFrom('create', 'claim', 'finish', 'cancel', 'stale-finish'),
    which: fc.nat({ max: 5 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const own = await createTestContext()
      const held: Prediction[] = []
      for (const { what, which } of steps) {
        const held1 = held[which % Math.max(1, held.length)]
        if (what === 'create') {
          const {
            prediction: { id },
          } = await createPrediction(own, wanted)
          held.push((await own.predictions.read(id)) as Prediction)
        } else if (held1 && what === 'claim') {
          const claims = [{ id: held1.id, epoch: 0, token: randomToken() }]
          const [outcome] = await own.predictions.claim(claims, own.clock.now)
          if (outcome?.kind === 'claimed') held[held.indexOf(held1)] = outcome.prediction
        } else if (held1 && what === 'cancel') {
          await cancelPrediction(own, held1.id)
        } else if (held1) {
          const prediction = what === 'finish' ? held1 : { ...held1, token: 'stale' }
          await finishPredictions(own, [{ prediction, ending: success('1') }])
        }
      }
      const counts = await own.predictions.counts(own.tag, testVersion.id)
      expect(counts.accepted).toBe(counts.open + counts.succeeded + counts.failed + counts.canceled)
      const records = await own.predictions.readMany(held.map(({ id }) => id))
      const open = records.filter((prediction) => prediction?.completedAt === null)
      expect(counts.open).toBe(open.length)
      await own.close()
    }),
    { numRuns: 15 },
  )
})

test('the webhook of the end is written with the transition and announced once', async () => {
  const prediction = await create({ webhook: 'http://127.0.0.1:9/hook', webhookEvents: ['completed'] })
  const claimed = await claim(prediction.id)
  await finishPredictions(context, [{ prediction: claimed, ending: success('{"y":1}') }])
  const id = `${prediction.id}.completed`
  const found = await context.deliveryStore.read(id)
  expect(found?.pending).toBe(true)
  expect(JSON.parse(found?.delivery.body ?? '')).toMatchObject({
    id: prediction.id,
    status: 'succeeded',
    output: { y: 1 },
  })
  expect(await context.deliveries.has([id])).toEqual([true])
})

test('a webhook without the event completed in its filter is never told of the end', async () => {
  const prediction = await create({ webhook: 'http://127.0.0.1:9/hook', webhookEvents: ['start'] })
  await cancelPrediction(context, prediction.id)
  expect(await context.deliveryStore.read(`${prediction.id}.completed`)).toBeNull()
})

test('a payload beyond the threshold goes to the payload store and reads back the same', async () => {
  const small = await createTestContext({ inlineBytes: 10 })
  const {
    prediction: { id },
  } = await createPrediction(small, wanted)
  const prediction = await small.predictions.read(id)
  expect(prediction?.input?.kind).toBe('stored')
  expect(await small.payloads.read(prediction?.input ?? null)).toBe(wanted.input)
  await small.close()
})

test('pages list every prediction once, newest first', async () => {
  const created: string[] = []
  for (let i = 0; i < 7; i++) {
    context.clock.now++
    created.unshift((await create()).id)
  }
  const seen: string[] = []
  for (let next: string | null = null, more = true; more; more = next !== null) {
    const page = await listPredictions(context, { before: next, limit: 3 })
    seen.push(...page.predictions.map(({ id }) => id))
    next = page.next
  }
  expect(seen).toEqual(created)
})

test('the queue position counts open predictions that came before', async () => {
  const first = await create()
  context.clock.now++
  const second = await create()
  expect(await context.predictions.queuePosition(second)).toBe(1)
  await cancelPrediction(context, first.id)
  expect(await context.predictions.queuePosition(second)).toBe(0)
})

test('100 simultaneous creations with one Idempotency-Key create exactly one prediction', async () => {
  const idempotency = { key: 'k', fingerprint: 'f' }
  const tries = await Promise.allSettled(
    Array.from({ length: 100 }, () => createPrediction(context, { ...wanted, idempotency })),
  )
  const ids = new Set(
    tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value.prediction.id] : [])),
  )
  const codes = new Set(tries.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : [])))
  expect(ids.size).toBe(1)
  expect([...codes].filter((code) => code !== 'idempotency_in_progress')).toEqual([])
  expect(await context.predictions.counts(context.tag, testVersion.id)).toMatchObject({ accepted: 1 })
})

test('a key whose first creation died is taken over under the same id', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  const begun = await context.idempotency.begin(request, 'the-first-id', context.clock.now)
  expect(begun).toMatchObject({ kind: 'first', id: 'the-first-id' })
  await expect(context.idempotency.begin(request, 'other', context.clock.now)).rejects.toMatchObject({
    code: 'idempotency_in_progress',
  })
  context.clock.now += 10_001
  expect(await context.idempotency.begin(request, 'other', context.clock.now)).toMatchObject({
    kind: 'first',
    id: 'the-first-id',
  })
})

test('a key that comes back with another request is refused', async () => {
  await createPrediction(context, { ...wanted, idempotency: { key: 'k', fingerprint: 'f' } })
  await expect(
    createPrediction(context, { ...wanted, idempotency: { key: 'k', fingerprint: 'g' } }),
  ).rejects.toMatchObject({ code: 'idempotency_mismatch' })
})
