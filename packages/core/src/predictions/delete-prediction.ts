import type { PredictionId } from '../ids.js'
import { type CancelContext, cancelPrediction } from './cancel-prediction.js'
import type { PredictionIndex } from './prediction-index.js'

export type DeleteContext = CancelContext & { index: Pick<PredictionIndex, 'remove'> }

/**
 * Removes a prediction with its data and its deliveries; one that is open is cancelled first. Repeating it after a
 * crash between the steps goes on where it ended.
 * @throws ServiceError `not_found` or `gone`
 */
export async function deletePrediction(context: DeleteContext, id: PredictionId): Promise<void> {
  const prediction = await cancelPrediction(context, id)
  // Before the record, which alone knows where they are.
  const stored = [prediction.input, prediction.output].flatMap((payload) =>
    payload?.kind === 'stored' ? [payload.key] : [],
  )
  await Promise.all(stored.map((key) => context.payloads.delete(key)))
  await context.predictions.delete(prediction)
  await context.index.remove(prediction.tenant, [id])
}
