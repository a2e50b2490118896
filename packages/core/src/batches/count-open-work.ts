import type { ModelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { BatchStore } from './batch-store.js'

interface OpenWork {
  predictions: Pick<PredictionStore, 'counts'>
  batches: Pick<BatchStore, 'countOpen'>
}

/** How many predictions and batches of a version have not ended. */
export async function countOpenWork(
  { predictions, batches }: OpenWork,
  tag: ModelTag,
  version: VersionId,
): Promise<number> {
  const [{ open }, openBatches] = await Promise.all([
    predictions.counts(tag, version),
    batches.countOpen(tag, version),
  ])
  return open + openBatches
}
