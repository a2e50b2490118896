import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomToken } from '../ids.js'
import { cancelPrediction } from './cancel-prediction.js'
import { createPrediction } from './create-prediction.js'
import { discardOutput } from './discard-output.js'
import { finishPredictions } from './finish-predictions.js'
import type { Payload, Prediction } from './prediction.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext({ inlineBytes: 16 })
})
afterEach(() => context.close())

const wanted = {
  version: testVersion,
  input: '{"x":1}',
  class: 'submission',
  form: 'pipeline',
  webhook: null,
  webhookEvents: [],
  idempotency: null,
} as const

async function run(): Promise<{ prediction: Prediction; output: Payload }> {
  const { prediction } = await createPrediction(context, wanted)
  const claims = [{ id: prediction.id, epoch: 0, token: randomToken() }]
  const [outcome] = await context.predictions.claim(claims, context.now())
  if (outcome?.kind !== 'claimed') throw new Error('it must be claimed')
  const output = await context.payloads.keep(prediction.id, 'output', '"longer than what is kept inline"', 1)
  return { prediction: outcome.prediction, output }
}

test('of a run whose prediction was canceled meanwhile, no output stays in the payload store', async () => {
  const { prediction, output } = await run()
  await cancelPrediction(context, prediction.id)
  await discardOutput(context, prediction, output)
  expect(await context.payloads.read(output)).toBeNull()
})

test('an output that its prediction has is kept, however often its end is sent', async () => {
  const { prediction, output } = await run()
  const ending = { status: 'succeeded', output, error: null, errorCode: null, provenance: null } as const
  const finish = [{ prediction, ending: { ...ending, completedAt: context.now() } }]
  expect(await finishPredictions(context, finish)).toEqual(['finished'])
  expect(await finishPredictions(context, finish)).toEqual(['ended'])
  await discardOutput(context, prediction, output)
  expect(await context.payloads.read(output)).not.toBeNull()
})
