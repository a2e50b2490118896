import { ServiceError } from '../errors.js'
import { type BatchId, isPredictionId, timeOfId } from '../ids.js'
import type { Batch } from './batch.js'
import type { BatchStore } from './batch-store.js'

export interface GetBatchContext {
  batches: BatchStore
  tenant: string
  recordRetentionMs: number
  now(): number
}

/**
 * Reads a batch of this tenant. One of another tenant is answered as if there were none.
 * @throws ServiceError `not_found`, or `gone` when the id is older than records are kept.
 */
export async function getBatch(context: GetBatchContext, id: BatchId): Promise<Batch> {
  const batch = isPredictionId(id) ? await context.batches.read(id) : null
  if (batch?.tenant === context.tenant) return batch
  if (isPredictionId(id) && timeOfId(id) < context.now() - context.recordRetentionMs) {
    throw new ServiceError('gone', 'This batch is older than batches are kept.')
  }
  throw new ServiceError('not_found', 'There is no batch with this id.')
}
