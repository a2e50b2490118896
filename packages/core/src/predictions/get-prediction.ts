import { ServiceError } from '../errors.js'
import { isPredictionId, type PredictionId, timeOfId } from '../ids.js'
import type { Prediction } from './prediction.js'
import type { PredictionStore } from './prediction-store.js'

export interface GetContext {
  predictions: PredictionStore
  tenant: string
  recordRetentionMs: number
  now(): number
}

/**
 * Reads a prediction of this tenant. One of another tenant is answered as if there were none.
 * @throws ServiceError `not_found`, or `gone` when the id is older than records are kept.
 */
export async function getPrediction(context: GetContext, id: PredictionId): Promise<Prediction> {
  const prediction = isPredictionId(id) ? await context.predictions.read(id) : null
  if (prediction?.tenant === context.tenant) return prediction
  if (isPredictionId(id) && timeOfId(id) < context.now() - context.recordRetentionMs) {
    throw new ServiceError('gone', 'This prediction is older than predictions are kept.')
  }
  throw new ServiceError('not_found', 'There is no prediction with this id.')
}
