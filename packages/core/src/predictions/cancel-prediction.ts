import { ServiceError } from '../errors.js'
import type { PredictionId } from '../ids.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import { type FinishContext, finishPredictions } from './finish-predictions.js'
import { type GetContext, getPrediction } from './get-prediction.js'
import { type Ending, isTerminal, type Prediction } from './prediction.js'

export type CancelContext = GetContext & FinishContext & { queues: PredictionQueues }

// A claim between our read and our write takes the fence away; a prediction is claimed a handful of times at most.
const maxTries = 10

/** Cancels a prediction at once, queued or running. One that has already ended is returned unchanged. */
export async function cancelPrediction(context: CancelContext, id: PredictionId): Promise<Prediction> {
  for (let tries = 0; tries < maxTries; tries++) {
    const prediction = await getPrediction(context, id)
    if (isTerminal(prediction.status)) return prediction
    const ending = canceledAt(context.now())
    const [outcome] = await finishPredictions(context, [{ prediction, ending }])
    if (outcome !== 'finished') continue
    await context.queues.remove(prediction, [prediction])
    return { ...prediction, ...ending }
  }
  throw new ServiceError(
    'unavailable',
    'The prediction changed hands too often to be cancelled; try again.',
    {
      retryAfterSeconds: 1,
    },
  )
}

/** The end of a prediction that somebody did not want any more. */
export const canceledAt = (completedAt: number): Ending => ({
  status: 'canceled',
  output: null,
  error: null,
  errorCode: null,
  completedAt,
  provenance: null,
})
