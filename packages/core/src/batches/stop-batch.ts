import type { ChunkQueues } from '../queue/chunk-queues.js'
import type { Batch, StopReason } from './batch.js'
import { type EndBatchContext, endBatch } from './end-batch.js'

export type StopBatchContext = EndBatchContext & { chunkQueues: ChunkQueues }

/**
 * Stops a batch: what runs at this moment is finished by its workers, and the rest is left out. What is finished is
 * kept. Does nothing to a batch that is not in progress.
 */
export async function stopBatch(context: StopBatchContext, batch: Batch, reason: StopReason): Promise<void> {
  if (!(await context.batches.stop(batch.id, reason, context.now()))) return
  const chunks = await context.batches.chunks(batch)
  const waiting = chunks.filter(({ done, isClaimed }) => done !== null && !isClaimed)
  const jobs = waiting.map(({ number, epoch }) => ({ batch: batch.id, chunk: number, epoch }))
  await context.chunkQueues.remove(batch, jobs)
  await endBatch(context, batch.id)
}
