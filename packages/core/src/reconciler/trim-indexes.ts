import type { BatchIndex } from '../batches/batch-index.js'
import type { PredictionIndex } from '../predictions/prediction-index.js'

interface TrimContext {
  index: PredictionIndex
  batchIndex: Pick<BatchIndex, 'trim'>
  recordRetentionMs: number
  now(): number
}

/** Takes ids whose records are gone by now out of every tenant's index. */
export async function trimIndexes({ index, batchIndex, recordRetentionMs, now }: TrimContext): Promise<void> {
  // Twice the retention, since that counts from the end and the index knows beginnings only.
  const beforeMs = now() - 2 * recordRetentionMs
  for (const tenant of await index.tenants()) {
    await Promise.all([index.trim(tenant, beforeMs), batchIndex.trim(tenant, beforeMs)])
  }
}
