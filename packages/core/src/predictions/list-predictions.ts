import type { PredictionId } from '../ids.js'
import type { Prediction } from './prediction.js'
import type { PredictionIndex } from './prediction-index.js'
import type { PredictionStore } from './prediction-store.js'

export interface ListContext {
  predictions: PredictionStore
  index: PredictionIndex
  tenant: string
}

export interface PredictionPage {
  predictions: Prediction[]
  /** The id to go on before, or null at the end. */
  next: PredictionId | null
}

/** A page of this tenant's predictions, newest first; ids whose records have expired leave the index on the way. */
export async function listPredictions(
  context: ListContext,
  before: PredictionId | null,
  limit: number,
): Promise<PredictionPage> {
  const ids = await context.index.list(context.tenant, before, limit)
  const read = await context.predictions.readMany(ids)
  await context.index.remove(
    context.tenant,
    ids.filter((_, i) => read[i] === null),
  )
  const predictions = read
    .filter((prediction) => prediction !== null)
    .filter(({ tenant }) => tenant === context.tenant)
  return { predictions, next: ids.length === limit ? (ids.at(-1) ?? null) : null }
}
