import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { type ChunkJob, chunkJobId, chunkQueueName } from './jobs.js'
import { type QueueKind, VersionQueues } from './version-queues.js'

const chunks: QueueKind<ChunkJob, ChunkJob> = {
  jobName: 'chunk',
  queueName: chunkQueueName,
  jobIdOf: chunkJobId,
  dataOf: ({ batch, chunk, epoch }): ChunkJob => ({ batch, chunk, epoch }),
}

/**
 * Chunks of batches wait in a queue of their own beside that of their version: a worker that holds a few of them has
 * as much room for predictions as before.
 */
export class ChunkQueues extends VersionQueues<ChunkJob, ChunkJob> {
  constructor(redis: Redis, keys: Keys) {
    super(redis, keys, chunks)
  }
}
