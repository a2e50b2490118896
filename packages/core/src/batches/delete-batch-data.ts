import type { BatchId } from '../ids.js'
import type { BatchStore } from './batch-store.js'
import type { ChunkFiles } from './chunk-files.js'

interface DeleteContext {
  batches: BatchStore
  chunkFiles: Pick<ChunkFiles, 'deleteAll'>
}

/** Deletes the lines and results of an ended batch, and keeps its record. Returns how many files that may have been. */
export async function deleteBatchData({ batches, chunkFiles }: DeleteContext, id: BatchId): Promise<number> {
  const batch = await batches.read(id)
  const files = batch ? await chunkFiles.deleteAll(batch, await batches.chunks(batch)) : 0
  await batches.noteDataRemoved(id)
  return files
}
