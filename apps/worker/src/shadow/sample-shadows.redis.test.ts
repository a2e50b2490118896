import { newPredictionId } from '@augur/core/ids'
import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import { plainTerms } from '@augur/test-support/plain-terms'
import { ShadowStore } from '@augur/core/shadow/shadow-store'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ShadowSampler } from './sample-shadows.js'

let context: TestContext
let shadowStore: ShadowStore
let sampler: ShadowSampler
const calm = { isCalm: () => true }
beforeEach(async () => {
  context = await createTestContext()
  shadowStore = new ShadowStore(context.redis, context.keys)
  sampler = new ShadowSampler({ ...context, shadowStore, metrics: createMetrics(), calm, limit: 3 })
})
afterEach(() => context.close())

const ending: Ending = {
  status: 'succeeded',
  output: null,
  error: null,
  errorCode: null,
  completedAt: 0,
  provenance: null,
}
const prediction = (trial: Prediction['trial']): Prediction => ({
  ...plainTerms,
  id: newPredictionId(context.tag, context.now()),
  tenant: 'default',
  model: testVersion.model,
  version: testVersion.id,
  label: testVersion.label,
  class: 'submission',
  form: 'pipeline',
  status: 'processing',
  input: null,
  output: null,
  error: null,
  errorCode: null,
  logs: '',
  createdAt: 0,
  startedAt: 0,
  completedAt: null,
  provenance: null,
  dataRemoved: false,
  webhook: null,
  webhookEvents: [],
  attempt: 1,
  token: '',
  epoch: 0,
  trial,
})

test('what the queue has no room for is left out, and counted', async () => {
  const trial = { id: 'a', part: 'shadow', candidate: testVersion.id } as const
  for (let i = 0; i < 8; i++) sampler.ended(prediction(trial), ending)
  await sampler.stop()
  for (let i = 0; i < 2; i++) sampler.ended(prediction(trial), ending)
  await sampler.stop()
  expect(await context.shadowQueues.waiting(context.target)).toBe(3)
  expect((await shadowStore.counts(context.tag, 'a')).shed).toBe(7)
})

test('predictions that were cancelled, or that no shadow repeats, go nowhere', async () => {
  const trial = { id: 'a', part: 'shadow', candidate: testVersion.id } as const
  sampler.ended(prediction(trial), { ...ending, status: 'canceled' })
  sampler.ended(prediction(null), ending)
  sampler.ended(prediction({ id: 'a', part: 'candidate' }), ending)
  await sampler.stop()
  expect(await context.shadowQueues.waiting(context.target)).toBe(0)
})
