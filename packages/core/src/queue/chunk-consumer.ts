import { consumeJobs, type JobConsumer, type JobConsumerOptions } from './job-consumer.js'
import { type ChunkJob, chunkJob, chunkQueueName } from './jobs.js'

const chunks = { queueName: chunkQueueName, parse: (data: unknown) => chunkJob.parse(data) }

/** Consumes the batch queue of one version. */
export function consumeChunks(options: JobConsumerOptions<ChunkJob>): JobConsumer {
  return consumeJobs(chunks, options)
}
