import { ServiceError } from '../errors.js'
import type { IdempotencyKeys } from '../idempotency.js'
import { type BatchId, modelTag, newBatchId } from '../ids.js'
import type { InputSchemas } from '../models/input-schemas.js'
import type { ModelVersion } from '../models/version.js'
import type { ChunkQueues } from '../queue/chunk-queues.js'
import { mostAhead } from '../queue/priority.js'
import type { Batch, BatchRequest } from './batch.js'
import type { BatchIndex } from './batch-index.js'
import { newBatch } from './batch-record.js'
import type { BatchUploads } from './batch-uploads.js'
import { type ChunkFiles, chunkFolder } from './chunk-files.js'
import { ChunkWriter } from './chunk-writer.js'
import { type GetBatchContext, getBatch } from './get-batch.js'
import { type GivenLine, LineChecker } from './line-checker.js'
import { type ReserveBatchContext, reserveBatch } from './reserve-batch.js'

export interface CreateBatchContext extends GetBatchContext, ReserveBatchContext {
  batches: GetBatchContext['batches']
  batchIndex: BatchIndex
  batchUploads: BatchUploads
  chunkFiles: ChunkFiles
  chunkQueues: ChunkQueues
  inputSchemas: InputSchemas
  idempotency: IdempotencyKeys
  /** Most lines of a batch. */
  maxBatchLines: number
  /** Where its request is traced. */
  traceparent?: string | undefined
}

export interface NewBatch {
  version: ModelVersion
  webhook: string | null
  metadata: Readonly<Record<string, string>> | null
  /** How long it may take. */
  expiresInMs: number
  /** Some at a time. */
  lines: AsyncIterable<Iterable<GivenLine>> | Iterable<Iterable<GivenLine>>
  /** The fingerprint is asked for when all lines were read. */
  idempotency: { key: string; fingerprint(): string } | null
}

export interface CreatedBatch {
  batch: Batch
  /** An earlier request with the same `Idempotency-Key` created it. */
  replayed: boolean
}

/** More in a chunk save little, and fewer let more workers share a batch. */
const chunkLines = { least: 64, most: 512, microBatches: 16 }

/**
 * Stores the lines of a batch in chunks as they come, then creates it and puts its chunks into their queue. Before that
 * nothing runs: what stops half-way leaves no batch.
 * @throws ServiceError
 */
export async function createBatch(context: CreateBatchContext, wanted: NewBatch): Promise<CreatedBatch> {
  const id = newBatchId(modelTag(wanted.version.model), context.now())
  const writer = writerOf(context, wanted.version, chunkFolder(id))
  try {
    await writeLines(context, wanted, writer)
    const created = await createOnce(context, id, wanted, requestOf(context, id, wanted, writer))
    // Another request with the same key was first: its chunks are those of the batch.
    if (created.batch.folder !== chunkFolder(id)) await discard(context, chunkFolder(id), writer)
    return created
  } catch (error) {
    // What is swept after this must not come back.
    await writer.settled()
    // Only what certainly has no batch, and as well as may be: the reconciler deletes what is left.
    if (error instanceof ServiceError) await discard(context, chunkFolder(id), writer).catch(() => {})
    throw error
  }
}

function writerOf(context: CreateBatchContext, { manifest }: ModelVersion, folder: string): ChunkWriter {
  const wanted = chunkLines.microBatches * manifest.serving.batching.maxSize
  return new ChunkWriter({
    files: context.chunkFiles,
    uploads: context.batchUploads,
    folder,
    chunkLines: Math.min(chunkLines.most, Math.max(chunkLines.least, wanted)),
    now: context.now,
  })
}

async function writeLines(
  { inputSchemas, maxBatchLines: most }: CreateBatchContext,
  { version, lines }: NewBatch,
  writer: ChunkWriter,
): Promise<void> {
  const checker = new LineChecker(inputSchemas, version)
  for await (const some of lines) {
    for (const line of some) {
      if (writer.count === most) {
        throw new ServiceError('payload_too_large', `A batch must not have more than ${most} lines.`)
      }
      writer.add(checker.check(line))
      if (writer.isFull) await writer.room()
    }
  }
  await writer.end()
  if (writer.count === 0) throw new ServiceError('invalid_input', 'A batch must have at least one line.')
}

async function discard(context: CreateBatchContext, folder: string, writer: ChunkWriter): Promise<void> {
  await writer.settled()
  await context.chunkFiles.deleteInputs(folder, writer.sizes.length)
  await context.batchUploads.forget(folder)
}

function requestOf(
  { tenant, traceparent, now }: CreateBatchContext,
  id: BatchId,
  { version, webhook, metadata, expiresInMs }: NewBatch,
  { count, sizes }: ChunkWriter,
): BatchRequest {
  const createdAt = now()
  return {
    tenant,
    model: version.model,
    version: version.id,
    label: version.label,
    createdAt,
    expiresAt: createdAt + expiresInMs,
    webhook,
    metadata,
    ...(traceparent !== undefined && { traceparent }),
    folder: chunkFolder(id),
    total: count,
    chunkSizes: sizes,
  }
}

async function createOnce(
  context: CreateBatchContext,
  id: BatchId,
  { idempotency }: NewBatch,
  request: BatchRequest,
): Promise<CreatedBatch> {
  const create = async (wantedId: BatchId) =>
    (wantedId === id ? null : await resume(context, wantedId)) ?? activate(context, wantedId, request)
  if (idempotency === null) return { batch: await create(id), replayed: false }
  const { key, fingerprint } = idempotency
  const existing = (wantedId: BatchId) => getBatch(context, wantedId)
  const once = { tenant: context.tenant, key, fingerprint: fingerprint() }
  const { value, replayed } = await context.idempotency.once(once, id, context.now(), { create, existing })
  return { batch: value, replayed }
}

/**
 * Makes up for what may be missing of a batch that somebody else began to create; null where it has no record. Its chunks
 * are queued by what its record says, whatever version would be chosen for it now.
 */
async function resume(context: CreateBatchContext, id: BatchId): Promise<Batch | null> {
  const batch = await context.batches.read(id)
  if (batch === null) return null
  const turn = await context.chunkQueues.frontTurn(batch)
  const open = (await context.batches.chunks(batch)).filter(({ done }) => done === null)
  await Promise.all([
    context.batchIndex.add(batch.tenant, id),
    context.chunkQueues.add(
      batch,
      open.map(({ number, epoch }) => ({ batch: id, chunk: number, epoch, turn: turn + number })),
    ),
  ])
  return batch
}

async function activate(context: CreateBatchContext, id: BatchId, request: BatchRequest): Promise<Batch> {
  const { tenant, version } = request
  const target = { model: request.model, version }
  const [others, front] = await Promise.all([
    reserveBatch(context, id),
    context.chunkQueues.frontTurn(target),
  ])
  // A tenant's chunk waits for as many rounds as the tenant has chunks before it, and each round serves every tenant.
  const ahead = others
    .filter((batch) => batch.version === version)
    .reduce((sum, { chunkSizes, chunksDone }) => sum + chunkSizes.length - chunksDone, 0)
  const jobs = request.chunkSizes.map((_, chunk) => ({
    batch: id,
    chunk,
    epoch: 0,
    turn: Math.min(front + ahead + chunk, front + mostAhead),
  }))
  // Sent together, in this order, over one connection: who finds a job finds its record.
  const [created] = await Promise.all([
    context.batches.create(id, request),
    context.batchIndex.add(tenant, id),
    context.chunkQueues.add(target, jobs),
  ])
  if (created) return newBatch(id, request)
  // Its first creator was slow, not gone. Jobs beyond its chunks, or in the queue of another version, are void.
  return (await resume(context, id)) ?? getBatch(context, id)
}
