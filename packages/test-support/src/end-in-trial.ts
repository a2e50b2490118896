import { createPrediction } from '@augur/core/predictions/create-prediction'
import { finishPredictions } from '@augur/core/predictions/finish-predictions'
import type { TerminalStatus } from '@augur/core/predictions/prediction'
import type { TrialPart } from '@augur/core/rollouts/assign-version'
import { type TestContext, testVersion } from './test-context.js'

/** Creates predictions that take part in a trial and ends them like this, one after the other. Gives their ids. */
export async function endInTrial(
  context: TestContext,
  trial: TrialPart,
  statuses: readonly TerminalStatus[],
): Promise<string[]> {
  const ids: string[] = []
  for (const status of statuses) {
    const { prediction } = await createPrediction(context, {
      version: testVersion,
      trial,
      input: '{"x":[1,2,3]}',
      class: 'submission',
      form: 'pipeline',
      webhook: null,
      webhookEvents: [],
      idempotency: null,
    })
    const output = status === 'succeeded' ? ({ kind: 'inline', json: '{"y":[1]}' } as const) : null
    const completedAt = context.now()
    const ending = { status, output, error: null, errorCode: null, completedAt, provenance: null }
    await finishPredictions(context, [{ prediction, ending }])
    ids.push(prediction.id)
  }
  return ids
}
