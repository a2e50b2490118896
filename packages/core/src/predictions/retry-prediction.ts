import { ServiceError } from '../errors.js'
import type { ModelVersion } from '../models/version.js'
import type { Created, NewPrediction } from './create-prediction.js'
import { isTerminal, type Prediction } from './prediction.js'
import { readInput } from './read-input.js'
import { type SubmitContext, submitPrediction } from './submit-prediction.js'

export interface RetryTerms extends Pick<NewPrediction, 'class' | 'idempotency'> {
  /** In place of the original's; null for that one. */
  deadlineAt: number | null
}

/**
 * Submits an ended prediction once more, on the same version and on the same terms, as a new one. Its deadlines count
 * from now.
 * @throws ServiceError `prediction_open`, `input_removed` and whatever a submission is refused for
 */
export async function retryPrediction(
  context: SubmitContext,
  original: Prediction,
  version: ModelVersion,
  terms: RetryTerms,
): Promise<Created> {
  const { id, status, createdAt, expiresAt, deadlineAt } = original
  if (!isTerminal(status)) {
    const detail = 'The prediction has not ended yet; only one that has ended can be retried.'
    throw new ServiceError('prediction_open', detail, { predictionId: id })
  }
  const fromNow = (atMs: number | null) => (atMs === null ? null : context.now() + atMs - createdAt)
  const { form, webhook, webhookEvents, timeoutMs, metadata } = original
  return submitPrediction(context, {
    ...terms,
    version,
    form,
    webhook,
    webhookEvents,
    timeoutMs,
    metadata,
    input: await readInput(context, original),
    expiresAt: fromNow(expiresAt),
    deadlineAt: terms.deadlineAt ?? fromNow(deadlineAt),
    retriedFrom: id,
  })
}
