import type { Redis } from 'ioredis'
import type { PredictionId } from '../ids.js'
import type { Prediction } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { predictionJobId, predictionQueueName, type PredictionJob } from './jobs.js'
import { type QueueKind, type QueueTarget, type Turn, VersionQueues } from './version-queues.js'

export interface JobRef {
  id: PredictionId
  epoch: number
  /** The name of the job that it shares with others until it is given one of its own. */
  sharedJob?: string
}

interface Job extends JobRef, Pick<PredictionJob, 'class' | 'remote'> {
  companions?: readonly JobRef[]
}
export type NewJob = Job & Turn

/** Every job after the first is a prediction's own. */
const isShared = ({ epoch, sharedJob }: JobRef) => epoch === 0 && sharedJob !== undefined

const predictions: QueueKind<JobRef, Job> = {
  jobName: 'prediction',
  queueName: predictionQueueName,
  jobIdOf: ({ id, epoch, sharedJob }) =>
    epoch === 0 && sharedJob !== undefined ? sharedJob : predictionJobId(id, epoch),
  dataOf: ({ id, epoch, class: predictionClass, remote, companions }): PredictionJob => ({
    kind: 'prediction',
    id,
    epoch,
    class: predictionClass,
    ...(remote && { remote }),
    ...(companions && { companions: companions.map((each) => ({ id: each.id, epoch: each.epoch })) }),
  }),
}

/** The queues that predictions wait in. */
export class PredictionQueues extends VersionQueues<JobRef, Job> {
  constructor(redis: Redis, keys: Keys) {
    super(redis, keys, predictions)
  }

  /** Jobs that others share stay as well. */
  override remove(target: QueueTarget, jobs: readonly JobRef[]): Promise<void> {
    return super.remove(
      target,
      jobs.filter((job) => !isShared(job)),
    )
  }
}

/** The job of a prediction, and of others of its caller that came with it. */
export function newJob(prediction: Prediction, turn: number, others: readonly Prediction[] = []): NewJob {
  const { id, epoch, class: predictionClass, remote, sharedJob } = prediction
  const job: NewJob = { id, epoch, class: predictionClass, turn }
  if (remote) job.remote = remote
  if (sharedJob !== undefined) job.sharedJob = sharedJob
  if (others.length > 0) job.companions = others
  return job
}
