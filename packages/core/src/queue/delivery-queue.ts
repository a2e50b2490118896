import { DelayedError, Job, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import { SparingLog } from '../telemetry/sparing-log.js'
import type { LockSettings } from './job-consumer.js'
import { JobPlaces } from './job-places.js'
import { type DeliveryJob, deliveryJob, deliveryQueueName } from './jobs.js'

/** Of ours, as when Redis is away: they are no attempts to deliver, and the record of a delivery counts those. */
const attemptsAfterErrors = 1_000_000
const longestBackoffMs = 60_000
const logEveryMs = 1000

/** Announces deliveries to the workers that make them. Announcing one twice announces it once. */
export class DeliveryQueue {
  private readonly queue: Queue

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {
    this.queue = new Queue(deliveryQueueName, {
      connection: redis,
      prefix: keys.deliveryQueuePrefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
    })
    // The connection logs its own errors; an unheard 'error' event would end the process.
    this.queue.on('error', () => {})
  }

  /** For tools that show queues of BullMQ. */
  get bullQueue(): Queue {
    return this.queue
  }

  /** Each in a job of its own, or all in one of the name that is given. */
  async add(deliveries: readonly string[], sharedJob?: string): Promise<void> {
    const [delivery, ...companions] = deliveries
    if (delivery === undefined) return
    if (sharedJob !== undefined) return this.addJob(sharedJob, { delivery, companions })
    // One by one: in bulk each would be sent with the text of the script that adds it.
    await Promise.all(deliveries.map((each) => this.addJob(each, { delivery: each })))
  }

  /** In a job of its own that begins later. */
  async addLater(delivery: string, delayMs: number): Promise<void> {
    await this.addJob(delivery, { delivery }, Math.ceil(delayMs))
  }

  private async addJob(jobId: string, data: DeliveryJob, delay = 0): Promise<void> {
    await this.queue.add('delivery', data, {
      jobId,
      delay,
      attempts: attemptsAfterErrors,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
    })
  }

  /** Has deliveries that wait for their next attempt made at once. */
  async hurry(deliveries: readonly string[]): Promise<void> {
    for (const delivery of deliveries) {
      const job = await Job.fromId(this.queue, delivery)
      // One that is not delayed is in line already, or under way.
      await job?.promote().catch(() => {})
    }
  }

  /** Which of these jobs the queue still knows: a delivery's own has its id. */
  async has(jobs: readonly string[]): Promise<boolean[]> {
    const pipeline = this.redis.pipeline()
    for (const job of jobs) {
      pipeline.exists(`${this.keys.deliveryQueuePrefix}:${deliveryQueueName}:${job}`)
    }
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, reply]) => {
      if (error) throw error
      return reply === 1
    })
  }

  async close(): Promise<void> {
    await this.queue.close()
  }
}

/** `again`: the attempt failed and the next one is due after that delay. `later`: it is not its turn yet. */
export type DeliveryOutcome = { kind: 'ended' } | { kind: 'again' | 'later'; delayMs: number }

export interface DeliveryConsumerOptions {
  /** Deliveries that are looked after at a time. */
  concurrency: number
  deliveries: Pick<DeliveryQueue, 'addLater'>
  redis: Redis
  keys: Keys
  lock: LockSettings
  logger: Logger
  /** Makes one attempt, if it is its turn; `ageMs` counts from when the delivery was announced. */
  deliver(delivery: string, ageMs: number): Promise<DeliveryOutcome>
}

export function consumeDeliveries(options: DeliveryConsumerOptions): { close(): Promise<void> } {
  const places = new JobPlaces(options.concurrency)
  const processOne = async (job: Job, delivery: string, token?: string) => {
    const outcome = await options.deliver(delivery, Date.now() - job.timestamp)
    if (outcome.kind === 'ended') return
    await job.moveToDelayed(Date.now() + outcome.delayMs, token)
    throw new DelayedError()
  }
  // What does not end here goes on in a job of its own, which is there before this one is done.
  const processShared = async (job: Job, delivery: string) => {
    const outcome = await options.deliver(delivery, Date.now() - job.timestamp)
    if (outcome.kind !== 'ended') await options.deliveries.addLater(delivery, outcome.delayMs)
  }
  const process = async (job: Job, token?: string) => {
    const { delivery, companions } = deliveryJob.parse(job.data)
    const all = [delivery, ...(companions ?? [])]
    await places.hold(worker, all.length, async (free) => {
      if (companions === undefined) return processOne(job, delivery, token)
      await allSettled(all.map((each) => processShared(job, each).finally(free)))
    })
  }
  const worker = new Worker(deliveryQueueName, process, {
    connection: options.redis,
    prefix: options.keys.deliveryQueuePrefix,
    concurrency: places.concurrency,
    lockDuration: options.lock.durationMs,
    stalledInterval: options.lock.stalledIntervalMs,
    // A lost worker says nothing about a delivery: it is made again however often that happens.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    skipVersionCheck: true,
    settings: {
      backoffStrategy: (failures) => Math.min(longestBackoffMs, 500 * 2 ** Math.min(failures, 10)),
    },
  })
  const log = new SparingLog(options.logger, logEveryMs)
  worker.on('error', (error) => log.warn('consumer', { err: error }, 'delivery consumer failed'))
  worker.on('failed', (job, error) => {
    const fields = { err: error, delivery: job?.id, failures: job?.attemptsMade }
    log.warn('delivery', fields, 'delivery could not be looked after, and is tried again')
  })
  return { close: () => worker.close() }
}

/** Rejects with the first error, and not before all have settled. */
async function allSettled(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
