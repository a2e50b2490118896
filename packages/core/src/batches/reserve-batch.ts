import { ServiceError } from '../errors.js'
import { type BatchId, timeOfId } from '../ids.js'
import { type Batch, isEnded } from './batch.js'
import type { BatchIndex } from './batch-index.js'
import type { BatchStore } from './batch-store.js'

export interface ReserveBatchContext {
  tenant: string
  batches: Pick<BatchStore, 'readMany'>
  batchIndex: Pick<BatchIndex, 'open' | 'close'>
  /** How many batches of one tenant may be open; 0: any number. */
  maxOpenBatches: number
  now(): number
}

/** What was noted and has no record after so long has never come to one. */
const abandonedAfterMs = 60_000

/**
 * Takes a place among the tenant's open batches, and gives the others. Ended ones that are still noted leave on the way.
 * @throws ServiceError `quota_exceeded`
 */
export async function reserveBatch(context: ReserveBatchContext, id: BatchId): Promise<Batch[]> {
  const { tenant, batchIndex, maxOpenBatches: most } = context
  const others = (await batchIndex.open(tenant, id)).filter((other) => other !== id)
  const read = await context.batches.readMany(others)
  const isGone = (other: BatchId, batch: Batch | null | undefined) =>
    batch ? isEnded(batch.status) : timeOfId(other) < context.now() - abandonedAfterMs
  const gone = others.filter((other, i) => isGone(other, read[i]))
  await batchIndex.close(tenant, gone)
  if (most > 0 && others.length - gone.length >= most) {
    await batchIndex.close(tenant, [id])
    const detail = `As many batches of yours as may be open at a time (${most}) have not ended yet.`
    throw new ServiceError('quota_exceeded', detail, {
      retryAfterSeconds: 5,
      quota: { name: 'open-batches', most },
    })
  }
  return read.filter((batch) => batch != null).filter(({ status }) => !isEnded(status))
}
