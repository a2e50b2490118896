import type { BatchStore } from '../batches/batch-store.js'
import type { BatchUploads, Upload } from '../batches/batch-uploads.js'
import type { ChunkFiles } from '../batches/chunk-files.js'
import { deleteBatchData } from '../batches/delete-batch-data.js'
import type { ModelTag } from '../ids.js'

export interface RetainBatchesContext {
  batches: BatchStore
  batchUploads: BatchUploads
  chunkFiles: ChunkFiles
  dataRetentionMs: number
  now(): number
}

const pageSize = 500
/** No body takes so long: the chunks of one that broke off are deleted then. */
const abandonedAfterMs = 3_600_000
const byDefault = { mostFiles: 10_000 }

/**
 * Deletes the lines and results of batches that ended long enough ago, and uploads that nobody finished. What is due
 * beyond as many files waits for the next call; a batch is never left half. Returns how many batches and uploads went.
 */
export async function retainBatches(
  context: RetainBatchesContext,
  tags: readonly ModelTag[],
  { mostFiles } = byDefault,
): Promise<number> {
  let [files, removed] = [0, 0]
  for (const tag of tags) {
    for await (const deleted of deleteDue(context, tag)) {
      files += deleted
      removed++
      if (files >= mostFiles) return removed
    }
  }
  return removed
}

/** One after the other; yields how many files each of them had. */
async function* deleteDue(context: RetainBatchesContext, tag: ModelTag): AsyncGenerator<number, void> {
  const { batches, batchUploads, now } = context
  for (const id of await batches.retainedUntil(tag, now() - context.dataRetentionMs, pageSize))
    yield deleteBatchData(context, id)
  for (const upload of await batchUploads.list(tag)) {
    if (upload.writtenAt <= now() - abandonedAfterMs) yield deleteUpload(context, upload)
  }
}

async function deleteUpload(
  { chunkFiles, batchUploads }: RetainBatchesContext,
  { folder, chunks }: Upload,
): Promise<number> {
  await chunkFiles.deleteInputs(folder, chunks)
  await batchUploads.forget(folder)
  return chunks
}
