import type { ModelVersion } from '../models/version.js'
import type { Created, NewPrediction } from './create-prediction.js'
import type { Prediction } from './prediction.js'
import { readInput } from './read-input.js'
import { type SubmitContext, submitPrediction } from './submit-prediction.js'

export type ReplayTerms = Pick<
  NewPrediction,
  'class' | 'idempotency' | 'deadlineAt' | 'webhook' | 'webhookEvents'
>

/**
 * Submits the input of a prediction, ended or not, to another version. Whoever the original tells of its end is told
 * nothing of this one.
 * @throws ServiceError `input_removed` and whatever a submission is refused for
 */
export async function replayPrediction(
  context: SubmitContext,
  original: Prediction,
  version: ModelVersion,
  terms: ReplayTerms,
): Promise<Created> {
  const { id, form, metadata } = original
  return submitPrediction(context, {
    ...terms,
    version,
    form,
    metadata,
    input: await readInput(context, original),
    retriedFrom: id,
  })
}
