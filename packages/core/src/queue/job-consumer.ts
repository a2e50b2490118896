import { DelayedError, type Job, WaitingError, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import { JobPlaces } from './job-places.js'
import type { QueueTarget } from './version-queues.js'

/** `done`: the job is settled. `returned`: it goes back to the queue, uncharged. */
export type JobOutcome = 'done' | 'returned'

/** `later`: it goes back as well, and nobody gets it for a while, which is longer each time. */
export type JobOutcomeOrLater = JobOutcome | 'later'

const laterMs = { first: 250, most: 8000 }

/** How long a silent worker keeps its jobs, how often that is checked, and how many lost workers a job survives. */
export interface LockSettings {
  durationMs: number
  stalledIntervalMs: number
  maxLostWorkers: number
}

export interface JobConsumerOptions<T> {
  target: QueueTarget
  /** Places for what jobs carry, running and waiting for a runner; the last one that is fetched may go beyond. */
  places: number
  redis: Redis
  keys: Keys
  lock: LockSettings
  logger: Logger
  handle(job: T): Promise<JobOutcomeOrLater>
}

/** Which queue of a version is consumed, and what its jobs are. */
export interface ConsumedKind<T> {
  queueName(version: VersionId): string
  /** @throws Error for what is no job of this queue */
  parse(data: unknown): T
  /** The places that a job takes; one where this is left out. */
  placesOf?(job: T): number
}

export interface JobConsumer {
  /** Stops taking jobs; resolves when every held job is done or returned. */
  close(): Promise<void>
}

/** Consumes one queue of one version. */
export function consumeJobs<T>(
  { queueName, parse, placesOf = () => 1 }: ConsumedKind<T>,
  { target, places, redis, keys, lock, logger, handle }: JobConsumerOptions<T>,
): JobConsumer {
  const queue = queueName(target.version)
  const held = new JobPlaces(places)
  const process = async (job: Job, token?: string) => {
    const carried = parse(job.data)
    const outcome = await held.hold(worker, placesOf(carried), () => handle(carried))
    if (outcome === 'done') return
    if (outcome === 'later') {
      await job.moveToDelayed(Date.now() + delayMs(job.attemptsStarted), token)
      throw new DelayedError()
    }
    await job.moveToWait(token)
    // BullMQ wakes nobody for a job that goes back with a priority; an idle worker would find it seconds later.
    await redis.zadd(worker.toKey('marker'), 0, '0')
    throw new WaitingError()
  }
  const worker = new Worker(queue, process, {
    connection: redis,
    prefix: keys.queuePrefix(modelTag(target.model)),
    concurrency: held.concurrency,
    lockDuration: lock.durationMs,
    stalledInterval: lock.stalledIntervalMs,
    maxStalledCount: lock.maxLostWorkers,
    removeOnComplete: { count: 0 },
    skipVersionCheck: true,
  })
  worker.on('error', (error) => logger.warn({ err: error, queue }, 'queue consumer failed'))
  worker.on('stalled', (job) => logger.warn({ job, queue }, 'worker lost, job goes to another'))
  return { close: () => worker.close() }
}

/** Spread, so that those which went together do not come back together. */
function delayMs(starts: number): number {
  const { first, most } = laterMs
  return Math.min(most, first * 2 ** Math.max(0, starts - 1)) * (0.5 + Math.random() / 2)
}
