import { newPredictionId } from '../ids.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Pair } from './compare-pair.js'
import { readShadowComparison } from './shadow-comparison.js'
import { type ShadowPair, ShadowStore } from './shadow-store.js'

let context: TestContext
let store: ShadowStore
beforeEach(async () => {
  context = await createTestContext()
  store = new ShadowStore(context.redis, context.keys)
})
afterEach(() => context.close())

/** Of a prediction that has a record. */
async function pairOf(pair: Partial<ShadowPair> = {}): Promise<ShadowPair> {
  const id = newPredictionId(context.tag, context.now())
  await context.redis.hset(context.keys.record(id), 'status', 'succeeded')
  const agreed: Pair = { outcome: 'agreed', distance: 0.25 }
  return { id, pair: agreed, stableMs: 10, candidateMs: 4, candidateOutput: '1', ...pair }
}

test('a prediction counts once for a trial, however often it was repeated', async () => {
  const pair = await pairOf()
  expect(await store.record('a', [pair])).toBe(1)
  expect(await store.record('a', [pair, await pairOf()])).toBe(1)
  expect(await store.record('b', [pair])).toBe(1)
  expect((await store.counts(context.tag, 'a')).outcomes.agreed).toBe(2)
  expect(await store.recent(context.tag, 'a', 10)).toHaveLength(2)
})

test('counts tell outcomes, distances and times of both sides', async () => {
  const differed: Pair = { outcome: 'differed', distance: 3 }
  const failed: Pair = { outcome: 'candidate_failed', distance: null }
  await store.record('a', [
    await pairOf(),
    await pairOf({ pair: differed }),
    await pairOf({ pair: failed, candidateMs: null }),
    await pairOf({ pair: 'missing' }),
  ])
  await store.shed(context.tag, 'a', 7)
  const counts = await store.counts(context.tag, 'a')
  expect(counts.outcomes).toMatchObject({ agreed: 1, differed: 1, candidate_failed: 1, both_failed: 0 })
  expect(counts).toMatchObject({ missing: 1, shed: 7, meanDifferenceMs: -6 })
  expect(counts.distance.max).toBe(3)
  expect(counts.distance.p50).toBeCloseTo(0.25, 1)
  expect(counts.stableMs.p95).toBeCloseTo(10, -1)
})

test('the worst are those that a candidate failed, then those furthest off, and no more of them are kept than wanted', async () => {
  const near = await pairOf({ pair: { outcome: 'differed', distance: 0.1 }, candidateOutput: '"near"' })
  const failed = await pairOf({ pair: { outcome: 'candidate_failed', distance: null } })
  await store.record('a', [near, failed])
  expect((await store.worst(context.tag, 'a')).map(([id]) => id)).toEqual([failed.id, near.id])
  expect(await store.candidateOutput(near.id, 'a')).toBe('"near"')
  const many: ShadowPair[] = []
  for (let distance = 1; distance <= 120; distance++) {
    many.push(await pairOf({ pair: { outcome: 'differed', distance } }))
  }
  await store.record('a', many)
  const worst = await store.worst(context.tag, 'a')
  expect(worst).toHaveLength(100)
  expect(worst.some(([id]) => id === near.id)).toBe(false)
})

test('nothing that the candidate answered is written once the data of its prediction was removed', async () => {
  const differed = await pairOf({ pair: { outcome: 'differed', distance: 1 }, candidateOutput: '"theirs"' })
  await context.predictions.removeData(context.tag, [differed.id])
  await store.record('a', [differed])
  expect((await store.counts(context.tag, 'a')).outcomes.differed).toBe(1)
  expect(await store.candidateOutput(differed.id, 'a')).toBeNull()
})

test('what the candidate answered goes with the data of its prediction', async () => {
  const differed = await pairOf({ pair: { outcome: 'differed', distance: 1 }, candidateOutput: '"theirs"' })
  await store.record('a', [differed])
  await context.predictions.removeData(context.tag, [differed.id])
  expect(await store.candidateOutput(differed.id, 'a')).toBeNull()
})

test('a prediction whose record is gone leaves none behind', async () => {
  const id = newPredictionId(context.tag, context.now())
  await store.record('a', [
    { id, pair: 'missing', stableMs: null, candidateMs: null, candidateOutput: null },
    { id, pair: { outcome: 'differed', distance: 1 }, stableMs: 1, candidateMs: 1, candidateOutput: '1' },
  ])
  expect(await context.predictions.read(id)).toBeNull()
  expect(await store.worst(context.tag, 'a')).toEqual([])
})

test('answers are shown to the tenant whose predictions they are, and to nobody else', async () => {
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    input: '{"x":[1,2,3]}',
    form: 'pipeline',
    class: 'submission',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })
  const differed = await pairOf({ id: prediction.id, pair: { outcome: 'differed', distance: 1 } })
  await store.record('a', [differed])
  const shownTo = async (tenant: string) =>
    (await readShadowComparison({ ...context, shadowStore: store, tenant }, context.tag, 'a')).worst
  expect(await shownTo('default')).toEqual([
    { id: prediction.id, distance: 1, stableOutput: null, candidateOutput: '1' },
  ])
  expect(await shownTo('somebody-else')).toEqual([])
})
