import type { BatchId } from '../ids.js'
import type { Batch } from './batch.js'
import type { BatchIndex } from './batch-index.js'
import type { BatchStore } from './batch-store.js'

export interface ListBatchesContext {
  batches: BatchStore
  batchIndex: BatchIndex
  tenant: string
}

export interface BatchPage {
  batches: Batch[]
  /** The id to go on before, or null at the end. */
  next: BatchId | null
}

/** A page of this tenant's batches, newest first; ids whose records have expired leave the index on the way. */
export async function listBatches(
  { batches, batchIndex, tenant }: ListBatchesContext,
  before: BatchId | null,
  limit: number,
): Promise<BatchPage> {
  const ids = await batchIndex.list(tenant, before, limit)
  const read = await batches.readMany(ids)
  await batchIndex.remove(
    tenant,
    ids.filter((_, i) => read[i] === null),
  )
  const found = read.filter((batch) => batch !== null).filter((batch) => batch.tenant === tenant)
  return { batches: found, next: ids.length === limit ? (ids.at(-1) ?? null) : null }
}
