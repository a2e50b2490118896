import { createGuardedAgent } from '@augur/core/outbound/guarded-agent'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import { finishPredictions } from '@augur/core/predictions/finish-predictions'
import { ShadowStore } from '@augur/core/shadow/shadow-store'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { startArtefactServer } from '@augur/test-support/artefact-server'
import { createTestContext, testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { FetchedFiles } from '../predictions/fetch-ahead.js'
import { runShadows } from './run-shadows.js'

test('a shadow fetches no URL of its own: a prediction of a file elsewhere is counted, and not repeated', async () => {
  const core = await createTestContext()
  const server = await startArtefactServer()
  const agent = createGuardedAgent({ mode: 'development', allow: [] })
  server.files.set('/a.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
  const { prediction } = await createPrediction(core, {
    version: testVersion,
    input: JSON.stringify({ image: `${server.url}/a.png` }),
    isRemote: true,
    class: 'submission',
    form: 'pipeline',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })
  const output = { kind: 'inline', json: '1' } as const
  const ending = {
    status: 'succeeded',
    output,
    error: null,
    errorCode: null,
    completedAt: 1,
    provenance: null,
  } as const
  await finishPredictions(core, [{ prediction, ending }])
  const shadowStore = new ShadowStore(core.redis, core.keys)
  const context = {
    ...core,
    shadowStore,
    agent,
    fetched: new FetchedFiles(),
    fetchLimits: { maxBytes: 1000, timeoutMs: 2000 },
    metrics: createMetrics(),
    fileFields: ['image'],
    model: testVersion.model,
  }
  await runShadows(context, [{ kind: 'shadow', trial: 'a', primary: prediction.id }], () => {
    throw new Error('there is nothing to run')
  })
  expect(await shadowStore.counts(core.tag, 'a')).toMatchObject({ inputGone: 1, missing: 0 })
  expect(server.requests).toEqual([])
  await Promise.all([agent.close(), server.close(), core.close()])
})
