import { DelayedError, Job, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import { SparingLog } from '../telemetry/sparing-log.js'
import { type DeliveryJob, deliveryJob, deliveryQueueName } from './jobs.js'
import type { LockSettings } from './job-consumer.js'

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

  async add(deliveries: readonly string[]): Promise<void> {
    // One by one: in bulk each would be sent with the text of the script that adds it.
    await Promise.all(
      deliveries.map((delivery) =>
        this.queue.add('delivery', { delivery } satisfies DeliveryJob, {
          jobId: delivery,
          attempts: attemptsAfterErrors,
          backoff: { type: 'custom' },
          removeOnComplete: true,
          removeOnFail: true,
        }),
      ),
    )
  }

  /** Has deliveries that wait for their next attempt made at once. */
  async hurry(deliveries: readonly string[]): Promise<void> {
    for (const delivery of deliveries) {
      const job = await Job.fromId(this.queue, delivery)
      // One that is not delayed is in line already, or under way.
      await job?.promote().catch(() => {})
    }
  }

  /** Which of these deliveries the queue still knows. */
  async has(deliveries: readonly string[]): Promise<boolean[]> {
    const pipeline = this.redis.pipeline()
    for (const delivery of deliveries) {
      pipeline.exists(`${this.keys.deliveryQueuePrefix}:${deliveryQueueName}:${delivery}`)
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
  concurrency: number
  redis: Redis
  keys: Keys
  lock: LockSettings
  logger: Logger
  /** Makes one attempt, if it is its turn; `ageMs` counts from when the delivery was announced. */
  deliver(delivery: string, ageMs: number): Promise<DeliveryOutcome>
}

export function consumeDeliveries(options: DeliveryConsumerOptions): { close(): Promise<void> } {
  const process = async (job: Job, token?: string) => {
    const { delivery } = deliveryJob.parse(job.data)
    const outcome = await options.deliver(delivery, Date.now() - job.timestamp)
    if (outcome.kind === 'ended') return
    await job.moveToDelayed(Date.now() + outcome.delayMs, token)
    throw new DelayedError()
  }
  const worker = new Worker(deliveryQueueName, process, {
    connection: options.redis,
    prefix: options.keys.deliveryQueuePrefix,
    concurrency: options.concurrency,
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
