import { type Batch, isEnded } from '../batches/batch.js'
import type { ChunkState } from '../batches/chunk.js'
import { endBatch } from '../batches/end-batch.js'
import { type StopBatchContext, stopBatch } from '../batches/stop-batch.js'
import type { ModelTag } from '../ids.js'
import { chunkJob } from '../queue/jobs.js'
import type { QueueTarget } from '../queue/version-queues.js'

export interface ReconcileBatchesContext extends StopBatchContext {
  tag: ModelTag
  graceMs: number
}

export interface ReconciledBatches {
  requeued: number
  closed: number
}

const pageSize = 500
/** A chunk whose job failed for another reason than lost workers is tried again this many times. */
const maxEpochs = 5

/** Closes the gaps that crashes leave in the batches of one version, and ends those whose time is over. */
export async function reconcileBatches(
  context: ReconcileBatchesContext,
  target: QueueTarget,
): Promise<ReconciledBatches> {
  const done = { requeued: 0, closed: await closeFailedChunks(context, target) }
  const ids = await context.batches.open(context.tag, target.version, pageSize)
  for (const batch of await context.batches.readMany(ids)) {
    if (batch === null || isEnded(batch.status)) continue
    if (batch.status === 'in_progress' && batch.expiresAt <= context.now()) {
      await stopBatch(context, batch, 'expired')
    } else if (batch.createdAt < context.now() - context.graceMs) {
      done.requeued += await requeueLostChunks(context, target, batch)
      await endBatch(context, batch.id)
    }
  }
  return done
}

/** Ends what is open of the batches of a version that is gone; with `isForced` also what a worker seems to run. */
export async function endBatches(
  context: ReconcileBatchesContext,
  target: QueueTarget,
  isForced: boolean,
): Promise<number> {
  const ids = await context.batches.open(context.tag, target.version, pageSize)
  for (const batch of await context.batches.readMany(ids)) {
    if (batch === null) continue
    await stopBatch(context, batch, 'version_gone')
    if (isForced) await closeAll(context, batch)
  }
  return ids.length
}

async function closeAll(context: ReconcileBatchesContext, batch: Batch): Promise<void> {
  for (const { number, epoch, done } of await context.batches.chunks(batch)) {
    const left = { epoch, lines: 0 }
    if (done === null) {
      await context.batches.abandon({ batch: batch.id, chunk: number }, left, 'version_gone', context.now())
    }
  }
  await endBatch(context, batch.id)
}

/** Settles chunks whose jobs BullMQ gave up on: those of lost workers fail, others are tried again. */
async function closeFailedChunks(context: ReconcileBatchesContext, target: QueueTarget): Promise<number> {
  const jobs = await context.chunkQueues.failed(target, pageSize)
  for (const { jobId, data, reason } of jobs) {
    await settleFailed(context, target, data, reason)
    // Last, so that a crash before it has the job settled again.
    await context.chunkQueues.forget(target, jobId)
  }
  return jobs.length
}

async function settleFailed(
  context: ReconcileBatchesContext,
  target: QueueTarget,
  data: unknown,
  reason: string,
): Promise<void> {
  const job = chunkJob.safeParse(data)
  const batch = job.success ? await context.batches.read(job.data.batch) : null
  if (!job.success || !batch || isEnded(batch.status)) return
  const chunk = (await context.batches.chunks(batch))[job.data.chunk]
  // A newer job took over already.
  if (!chunk || chunk.done !== null || chunk.epoch !== job.data.epoch) return
  const isLost = /stalled/.test(reason)
  if (!isLost && chunk.epoch < maxEpochs) {
    await giveNewJob(context, target, batch, chunk)
    return
  }
  const code = isLost ? 'worker_lost' : 'internal'
  await context.batches.abandon(job.data, chunk, code, context.now())
  await endBatch(context, batch.id)
}

async function requeueLostChunks(
  context: ReconcileBatchesContext,
  target: QueueTarget,
  batch: Batch,
): Promise<number> {
  const lost = await withoutJob(context, target, batch, await context.batches.chunks(batch))
  if (lost.length === 0) return 0
  // Read again: a job that is gone now may have closed its chunk since the first read.
  const current = await context.batches.chunks(batch)
  const still = current.filter((chunk) => lost.some(({ number }) => number === chunk.number))
  let requeued = 0
  for (const chunk of await withoutJob(context, target, batch, still)) {
    if (await giveNewJob(context, target, batch, chunk)) requeued++
  }
  return requeued
}

async function withoutJob(
  { chunkQueues }: ReconcileBatchesContext,
  target: QueueTarget,
  { id }: Batch,
  chunks: readonly ChunkState[],
): Promise<ChunkState[]> {
  const open = chunks.filter(({ done }) => done === null)
  const jobs = open.map(({ number, epoch }) => ({ batch: id, chunk: number, epoch }))
  const known = await chunkQueues.has(target, jobs)
  return open.filter((_, i) => known[i] === false)
}

/** Gives a chunk a job under the next epoch, which makes any older job of it void. */
async function giveNewJob(
  { batches, chunkQueues }: ReconcileBatchesContext,
  target: QueueTarget,
  { id }: Batch,
  { number: chunk, epoch }: ChunkState,
): Promise<boolean> {
  if (!(await batches.advanceEpoch({ batch: id, chunk }, epoch))) return false
  // It has waited already, and where it stood is not known any more.
  const turn = await chunkQueues.frontTurn(target)
  await chunkQueues.add(target, [{ batch: id, chunk, epoch: epoch + 1, turn }])
  return true
}
