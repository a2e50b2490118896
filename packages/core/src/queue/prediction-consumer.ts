import { type Job, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import { type PredictionJob, predictionJob, predictionQueueName } from './jobs.js'
import type { QueueTarget } from './prediction-queues.js'

/** `done`: the job's prediction is settled. `returned`: it goes back to the queue, uncharged. */
export type JobOutcome = 'done' | 'returned'

export interface PredictionConsumerOptions {
  target: QueueTarget
  /** Jobs held at a time, running and waiting for a micro-batch. */
  concurrency: number
  redis: Redis
  keys: Keys
  lock: LockSettings
  logger: Logger
  handle(job: PredictionJob): Promise<JobOutcome>
}

/** How long a silent worker keeps its jobs, how often that is checked, and how many lost workers a job survives. */
export interface LockSettings {
  durationMs: number
  stalledIntervalMs: number
  maxLostWorkers: number
}

export interface PredictionConsumer {
  /** Stops taking jobs; resolves when every held job is done or returned. */
  close(): Promise<void>
}

/** Consumes the queue of one version. */
export function consumePredictions(options: PredictionConsumerOptions): PredictionConsumer {
  const { target, keys, lock, logger } = options

  const process = async (job: Job, token?: string) => {
    const outcome = await options.handle(predictionJob.parse(job.data))
    if (outcome === 'done') return
    await job.moveToWait(token)
    throw new WaitingError()
  }

  const worker = new Worker(predictionQueueName(target.version), process, {
    connection: options.redis,
    prefix: keys.queuePrefix(modelTag(target.model)),
    concurrency: options.concurrency,
    lockDuration: lock.durationMs,
    stalledInterval: lock.stalledIntervalMs,
    maxStalledCount: lock.maxLostWorkers,
    removeOnComplete: { count: 0 },
    skipVersionCheck: true,
  })
  worker.on('error', (error) => logger.warn({ err: error, version: target.version }, 'queue consumer failed'))
  worker.on('stalled', (job) =>
    logger.warn({ job, version: target.version }, 'worker lost, job goes to another'),
  )
  return { close: () => worker.close() }
}
