import type { BatchId } from '../ids.js'
import type { Batch } from './batch.js'
import { type GetBatchContext, getBatch } from './get-batch.js'
import { type StopBatchContext, stopBatch } from './stop-batch.js'

/** Cancels a batch, and gives it as it is then: `cancelling` while workers finish what they run. */
export async function cancelBatch(context: GetBatchContext & StopBatchContext, id: BatchId): Promise<Batch> {
  await stopBatch(context, await getBatch(context, id), 'canceled')
  return getBatch(context, id)
}
