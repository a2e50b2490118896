import { endInTrial } from '@augur/test-support/end-in-trial'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Ending, Prediction } from '../predictions/prediction.js'
import { closeFailedJobs } from '../reconciler/close-failed-jobs.js'
import { endVersion } from '../reconciler/end-version.js'
import { expireDue } from '../reconciler/expire-due.js'
import { ArmStore } from './arm-store.js'
import { giveFeedback } from './give-feedback.js'

const trial = { id: 'a-trial', part: 'candidate' } as const

let context: TestContext & { armStore: ArmStore }
beforeEach(async () => {
  const core = await createTestContext()
  context = { ...core, armStore: new ArmStore(core.redis, core.keys) }
})
afterEach(() => context.close())

async function create(expiresAt: number | null = null): Promise<Prediction> {
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    trial,
    expiresAt,
    input: '{"x":[1,2,3]}',
    class: 'submission',
    form: 'pipeline',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })
  return prediction
}

async function claim({ id }: Prediction): Promise<Prediction> {
  const claims = [{ id, epoch: 0, token: randomToken() }]
  const [outcome] = await context.predictions.claim(claims, context.now())
  if (outcome?.kind !== 'claimed') throw new Error('the prediction must be claimed')
  return outcome.prediction
}

const answered = (label = 'a'): Ending => ({
  status: 'succeeded',
  output: { kind: 'inline', json: JSON.stringify({ label, probabilities: { a: 0.5, b: 0.5 } }) },
  error: null,
  errorCode: null,
  completedAt: context.now(),
  provenance: null,
})
const end = (prediction: Prediction, ending: Ending = answered()) =>
  finishPredictions(context, [{ prediction, ending }])

const counts = () => context.armStore.counts(context.tag, 'a-trial', 'candidate')
const recent = async () =>
  (await context.armStore.recent(context.tag, 'a-trial', 'candidate', 10)).map(({ status }) => status)
const reconciler = () => ({
  ...context,
  worker: 'w1',
  graceMs: 0,
  drainMs: 0,
  dataRetentionMs: 0,
  memoryUse: async () => 0,
})

test('an arm counts its answers, their classes and how long they took', async () => {
  const prediction = await claim(await create())
  context.clock.now += 100
  await end(prediction)
  expect(await counts()).toMatchObject({ succeeded: 1, labels: [{ label: 'a', count: 1 }] })
  expect((await counts()).latencyMs.p50).toBeCloseTo(100, -1)
  expect(await context.armStore.counts(context.tag, 'a-trial', 'stable')).toMatchObject({ succeeded: 0 })
})

test('an arm counts what its callers cancel, and its guardrails do not look at it', async () => {
  const waiting = await create()
  const running = await claim(await create())
  for (const { id } of [waiting, running]) await cancelPrediction(context, id)
  expect(await end(running)).toEqual(['ended'])
  expect(await counts()).toMatchObject({ canceled: 2, succeeded: 0 })
  expect(await recent()).toEqual([])
})

test('an arm counts what expired, once however many look for it', async () => {
  await create(context.now() + 1000)
  context.clock.now += 1000
  await Promise.all([1, 2, 3].map(() => expireDue(context)))
  expect(await counts()).toMatchObject({ expired: 1, canceled: 0 })
  expect(await recent()).toEqual(['expired'])
})

test('an arm counts what ends with its version', async () => {
  await create()
  await endVersion(reconciler(), context.target, () => true)
  await endVersion(reconciler(), context.target, () => true)
  expect(await counts()).toMatchObject({ failed: 1 })
  expect(await recent()).toEqual(['failed'])
})

test('an arm counts what was lost with its workers', async () => {
  const { id, epoch } = await create()
  const queues = {
    failed: async () => [
      {
        jobId: `${id}.${epoch}`,
        data: { kind: 'prediction', id, epoch, class: 'submission' },
        reason: 'job stalled',
      },
    ],
    forget: async () => {},
  }
  const told = { ...reconciler(), queues: Object.assign(Object.create(context.queues), queues) }
  await closeFailedJobs(told, context.target)
  await closeFailedJobs(told, context.target)
  expect(await context.predictions.read(id)).toMatchObject({ errorCode: 'worker_lost' })
  expect(await counts()).toMatchObject({ failed: 1 })
})

test('whoever comes too late, or comes twice, counts nothing', async () => {
  const first = await claim(await create())
  const second = await claim(first)
  expect([await end(first), await end(second), await end(second)]).toEqual([
    ['fenced'],
    ['finished'],
    ['ended'],
  ])
  expect(await counts()).toMatchObject({ succeeded: 1 })
  expect(await recent()).toEqual(['succeeded'])
})

test('a prediction of a shadow counts for no arm', async () => {
  await endInTrial(context, { id: 'a-trial', part: 'shadow', candidate: testVersion.id }, ['failed'])
  expect(await counts()).toMatchObject({ failed: 0 })
})

const verdicts = () => context.armStore.recentFeedback(context.tag, 'a-trial', 'candidate', 10)

test('a label that follows a score is among the feedback that a guardrail looks at', async () => {
  const prediction = await claim(await create())
  await end(prediction)
  await giveFeedback(context, prediction.id, { score: 0.5 })
  expect(await verdicts()).toEqual([])
  await giveFeedback(context, prediction.id, { label: 'a' })
  expect(await verdicts()).toEqual([true])
  expect((await counts()).feedback).toEqual({ right: 1, count: 1 })
})

test('a corrected label takes the place of the old verdict', async () => {
  const [one, other] = [await claim(await create()), await claim(await create())]
  await end(one)
  await end(other)
  await giveFeedback(context, one.id, { label: 'b' })
  await giveFeedback(context, other.id, { label: 'b' })
  await giveFeedback(context, one.id, { label: 'a' })
  expect(await verdicts()).toEqual([true, false])
  await giveFeedback(context, one.id, { label: 'a' })
  expect(await verdicts()).toHaveLength(2)
  await giveFeedback(context, one.id, { score: 1 })
  expect(await verdicts()).toEqual([false])
})
