import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { predictionJobId, predictionQueueName, type PredictionJob } from './jobs.js'
import { type QueueKind, type Turn, VersionQueues } from './version-queues.js'

export type JobRef = Pick<PredictionJob, 'id' | 'epoch'>
type Job = Omit<PredictionJob, 'kind'>
export type NewJob = Job & Turn

const predictions: QueueKind<JobRef, Job> = {
  jobName: 'prediction',
  queueName: predictionQueueName,
  jobIdOf: ({ id, epoch }) => predictionJobId(id, epoch),
  dataOf: ({ id, epoch, class: predictionClass, remote }): PredictionJob => ({
    kind: 'prediction',
    id,
    epoch,
    class: predictionClass,
    ...(remote && { remote }),
  }),
}

/** The queues that predictions wait in. */
export class PredictionQueues extends VersionQueues<JobRef, Job> {
  constructor(redis: Redis, keys: Keys) {
    super(redis, keys, predictions)
  }
}
