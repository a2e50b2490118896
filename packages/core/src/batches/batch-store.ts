import type { Redis } from 'ioredis'
import { type BatchId, type ModelTag, tagOfId } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { PredictionErrorCode } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript, runScriptInOrder } from '../redis/script.js'
import type { Delivery } from '../webhooks/delivery.js'
import type { Batch, BatchRequest, EndedBatchStatus, StopReason } from './batch.js'
import { decodeBatch, encodeBatch } from './batch-record.js'
import { type ChunkState, decodeChunks, type StoredChunk } from './chunk.js'

const scripts = {
  create: loadScript(new URL('./create-batch.lua', import.meta.url)),
  claim: loadScript(new URL('./claim-chunk.lua', import.meta.url)),
  write: loadScript(new URL('./write-chunk.lua', import.meta.url)),
  stop: loadScript(new URL('./stop-batch.lua', import.meta.url)),
  end: loadScript(new URL('./end-batch.lua', import.meta.url)),
  requeue: loadScript(new URL('./requeue-chunk.lua', import.meta.url)),
  abandon: loadScript(new URL('./abandon-chunk.lua', import.meta.url)),
}

/** One chunk of a batch, as the job that is about it names it. */
export interface ChunkRef {
  batch: BatchId
  chunk: number
}

/** What a chunk has come to; `stored` once it is done. */
export interface ChunkProgress {
  completed: number
  failed: number
  stored: StoredChunk | null
}

/** `stale`: another job took over, or the batch has no such chunk, or is of another version. */
export type ChunkClaim = 'claimed' | 'stopped' | 'stale' | 'done' | 'missing'
/** `last`: the batch can be ended. `fenced`: the chunk was claimed by somebody else. */
export type ChunkWrite = 'written' | 'last' | 'fenced'

/** The only reader and writer of batch records; every change of one is one atomic step. */
export class BatchStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly recordRetentionMs: number,
  ) {}

  /** False when there is a record of this id. */
  async create(id: BatchId, request: BatchRequest): Promise<boolean> {
    const tag = tagOfId(id)
    const created = await runScriptInOrder<number>(
      this.redis,
      scripts.create,
      [this.keys.batch(id), this.keys.openBatches(tag, request.version), this.keys.batchUploads(tag)],
      [id, request.createdAt, request.folder, ...encodeBatch(request)],
    )
    return created === 1
  }

  async read(id: BatchId): Promise<Batch | null> {
    const fields = await this.redis.hgetall(this.keys.batch(id))
    return Object.keys(fields).length === 0 ? null : decodeBatch(id, fields)
  }

  async readMany(ids: readonly BatchId[]): Promise<(Batch | null)[]> {
    return Promise.all(ids.map((id) => this.read(id)))
  }

  /** The chunks of a batch, in order. */
  async chunks({ id, chunkSizes }: Batch): Promise<ChunkState[]> {
    return decodeChunks(chunkSizes, await this.redis.hgetall(this.keys.batchChunks(id)))
  }

  /** With `version`, only of a batch of that version. */
  async claim(
    { batch, chunk, epoch }: ChunkRef & { epoch: number },
    token: string,
    nowMs: number,
    version?: VersionId,
  ): Promise<ChunkClaim> {
    const args = [chunk, epoch, token, nowMs, version ?? '']
    return runScript<ChunkClaim>(this.redis, scripts.claim, this.keysOf(batch), args)
  }

  async write(
    { batch, chunk }: ChunkRef,
    token: string,
    { completed, failed, stored }: ChunkProgress,
    nowMs: number,
  ): Promise<ChunkWrite> {
    const done = stored === null ? '' : `${stored.results},${stored.errors},${token}`
    const args = [chunk, token, completed, failed, done, nowMs, this.keys.endedChannel(batch)]
    return runScript<ChunkWrite>(this.redis, scripts.write, this.keysOf(batch), args)
  }

  /** Counts a runner that died over this line alone. Returns how many have. */
  async charge({ batch, chunk }: ChunkRef, line: number): Promise<number> {
    return this.redis.hincrby(this.keys.batchChunks(batch), `${chunk}:charges:${line}`, 1)
  }

  /** Invalidates the job of a chunk that is not done. False when there is nothing to invalidate. */
  async advanceEpoch({ batch, chunk }: ChunkRef, seen: number): Promise<boolean> {
    const advanced = await runScript<number>(
      this.redis,
      scripts.requeue,
      [this.keys.batchChunks(batch)],
      [chunk, seen],
    )
    return advanced === 1
  }

  /** Closes a chunk as it was read, with all of its lines failed. */
  async abandon(
    { batch, chunk }: ChunkRef,
    { epoch, lines }: Pick<ChunkState, 'epoch' | 'lines'>,
    code: PredictionErrorCode,
    nowMs: number,
  ): Promise<void> {
    const args = [chunk, epoch, lines, code, nowMs, this.keys.endedChannel(batch)]
    await runScript<number>(this.redis, scripts.abandon, this.keysOf(batch), args)
  }

  /** False when the batch was not in progress any more. */
  async stop(id: BatchId, reason: StopReason, nowMs: number): Promise<boolean> {
    const status = reason === 'canceled' ? 'cancelling' : 'finalizing'
    const channels = [this.keys.canceledChannel(tagOfId(id)), this.keys.endedChannel(id)]
    const args = [id, reason, status, nowMs, ...channels]
    return (await runScript<number>(this.redis, scripts.stop, this.keysOf(id), args)) === 1
  }

  /** Ends a batch all of whose chunks are done. False when it is not so far, or has ended. */
  async end(
    { id, version, tenant }: Batch,
    status: EndedBatchStatus,
    nowMs: number,
    delivery: Delivery | null,
  ): Promise<boolean> {
    const tag = tagOfId(id)
    const keys = [
      ...this.keysOf(id),
      this.keys.openBatches(tag, version),
      this.keys.retainedBatches(tag),
      this.keys.outbox(tag),
      this.keys.delivery(tag, delivery?.id ?? id),
    ]
    const told = [delivery?.id ?? '', tenant, delivery?.url ?? '', delivery?.body ?? '']
    const args = [id, status, nowMs, this.recordRetentionMs, this.keys.endedChannel(id), ...told]
    return (await runScript<number>(this.redis, scripts.end, keys, args)) === 1
  }

  /** Open batches of a version, oldest first. */
  async open(tag: ModelTag, version: VersionId, limit: number): Promise<BatchId[]> {
    return this.redis.zrange(this.keys.openBatches(tag, version), 0, String(limit - 1))
  }

  async countOpen(tag: ModelTag, version: VersionId): Promise<number> {
    return this.redis.zcard(this.keys.openBatches(tag, version))
  }

  /** Ended batches whose data was due before that time, oldest first. */
  async retainedUntil(tag: ModelTag, endedBeforeMs: number, limit: number): Promise<BatchId[]> {
    return this.redis.zrangebyscore(
      this.keys.retainedBatches(tag),
      '-inf',
      `(${endedBeforeMs}`,
      'LIMIT',
      0,
      limit,
    )
  }

  /** To be called when the data of an ended batch is deleted. */
  async noteDataRemoved(id: BatchId): Promise<void> {
    const record = this.keys.batch(id)
    // A record that expired must not come back with this field alone.
    if ((await this.redis.exists(record)) === 1) await this.redis.hset(record, 'data_removed', '1')
    await this.redis.zrem(this.keys.retainedBatches(tagOfId(id)), id)
  }

  private keysOf(id: BatchId): [string, string] {
    return [this.keys.batch(id), this.keys.batchChunks(id)]
  }
}
