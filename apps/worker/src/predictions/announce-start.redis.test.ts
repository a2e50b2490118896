import { createPrediction } from '@augur/core/predictions/create-prediction'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { announceStart } from './announce-start.js'

let core: TestContext
beforeEach(async () => {
  core = await createTestContext()
})
afterEach(() => core.close())

test('the event start tells the input as it was given, without reading it again', async () => {
  const given = '{"image":"https://images.test/a.png"}'
  const { prediction } = await createPrediction(core, {
    version: testVersion,
    input: given,
    class: 'submission',
    form: 'pipeline',
    webhook: 'https://hooks.test/a',
    webhookEvents: ['start'],
    idempotency: null,
  })
  const [claimed] = await core.predictions.claim([{ id: prediction.id, epoch: 0, token: 't' }], core.now())
  if (claimed?.kind !== 'claimed') throw new Error('not claimed')
  const unreadable = { kind: 'stored' as const, key: 'gone' }
  await announceStart(core, [{ prediction: { ...claimed.prediction, input: unreadable }, given }])
  const found = await core.deliveryStore.read(`${prediction.id}.start`)
  expect(JSON.parse(found?.delivery.body ?? '')).toMatchObject({
    id: prediction.id,
    input: JSON.parse(given),
  })
})
