import { type Job, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import { type ShadowJob, shadowJob, shadowQueueName } from './jobs.js'
import type { JobOutcome, LockSettings } from './job-consumer.js'
import type { QueueTarget } from './version-queues.js'

export interface ShadowConsumerOptions {
  target: QueueTarget
  /** Repetitions held at a time. */
  concurrency: number
  redis: Redis
  keys: Keys
  lock: LockSettings
  logger: Logger
  handle(job: ShadowJob): Promise<JobOutcome>
}

/** Consumes the shadow queue of one version. `close` resolves when everything held is done or returned. */
export function consumeShadows(options: ShadowConsumerOptions): { close(): Promise<void> } {
  const { target, keys, lock, logger } = options
  const process = async (job: Job, token?: string) => {
    if ((await options.handle(shadowJob.parse(job.data))) === 'done') return
    await job.moveToWait(token)
    throw new WaitingError()
  }
  const worker = new Worker(shadowQueueName(target.version), process, {
    connection: options.redis,
    prefix: keys.queuePrefix(modelTag(target.model)),
    concurrency: options.concurrency,
    lockDuration: lock.durationMs,
    stalledInterval: lock.stalledIntervalMs,
    maxStalledCount: lock.maxLostWorkers,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    skipVersionCheck: true,
  })
  worker.on('error', (error) =>
    logger.warn({ err: error, version: target.version }, 'shadow consumer failed'),
  )
  return { close: () => worker.close() }
}
