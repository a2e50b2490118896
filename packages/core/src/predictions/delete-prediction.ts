import type { PredictionId } from '../ids.js'
import { type CancelContext, cancelPrediction } from './cancel-prediction.js'
import { deleteBodies } from '../webhooks/keep-body.js'
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
  const bodies = await context.predictions.bodyKeys(id)
  await context.predictions.delete(prediction)
  // After the deliveries, so that none is made without its body.
  await deleteBodies(
    context.payloads,
    bodies.map((bodyKey) => ({ bodyKey })),
  )
  await context.index.remove(prediction.tenant, [id])
}
