import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag, type PredictionId } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { PredictionClass } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { predictionJobId, predictionQueueName, type SinglePredictionJob } from './jobs.js'
import { firstTurn, priorityOf, scoresOf, turnOf } from './priority.js'

/** The queue of one version, by what routes to it. */
export interface QueueTarget {
  model: string
  version: VersionId
}

export type JobRef = Pick<SinglePredictionJob, 'id' | 'epoch'>

export interface NewJob extends Omit<SinglePredictionJob, 'kind'> {
  /** When it is served, among those of its class: the smallest first, and the same in order of arrival. */
  turn: number
}

const keepFewEvents = { events: { maxLen: 100 } }

/** Puts predictions into their version's queue. Adding the same prediction and epoch twice adds it once. */
export class PredictionQueues {
  private readonly queues = new Map<VersionId, Queue>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async add(target: QueueTarget, jobs: readonly NewJob[]): Promise<void> {
    const bulk = jobs.map(({ turn, ...job }) => ({
      name: 'prediction',
      data: { kind: 'prediction', ...job } satisfies SinglePredictionJob,
      opts: { jobId: predictionJobId(job.id, job.epoch), priority: priorityOf(job.class, turn) },
    }))
    const queue = this.queueOf(target)
    const [only] = bulk
    if (only && bulk.length === 1) await queue.add(only.name, only.data, only.opts)
    else await queue.addBulk(bulk)
  }

  /** Takes a waiting job out; one that a worker holds stays, and the claim will refuse it. */
  async remove(target: QueueTarget, id: PredictionId, epoch: number): Promise<void> {
    await this.queueOf(target).remove(predictionJobId(id, epoch))
  }

  /** Which of these jobs the queue still knows, in whatever state. */
  async has(target: QueueTarget, jobs: readonly JobRef[]): Promise<boolean[]> {
    const pipeline = this.redis.pipeline()
    for (const { id, epoch } of jobs) pipeline.exists(this.keyOf(target, predictionJobId(id, epoch)))
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, reply]) => {
      if (error) throw error
      return reply === 1
    })
  }

  /** The turn of the job of this class that is served next; the first of all turns when none waits. */
  async frontTurn(target: QueueTarget, predictionClass: PredictionClass): Promise<number> {
    const [from, below] = scoresOf(predictionClass)
    const key = this.keyOf(target, 'prioritized')
    const found = await this.redis.zrange(key, from, `(${below}`, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    const [, score] = found
    return score === undefined ? firstTurn : turnOf(Number(score))
  }

  /** The turns of these jobs; null for one that does not wait. */
  async turns(target: QueueTarget, jobs: readonly JobRef[]): Promise<(number | null)[]> {
    if (jobs.length === 0) return []
    const ids = jobs.map(({ id, epoch }) => predictionJobId(id, epoch))
    const scores = await this.redis.zmscore(this.keyOf(target, 'prioritized'), ids)
    return scores.map((score) => (score === null ? null : turnOf(Number(score))))
  }

  /** Has a waiting job served before all others of its class. */
  async moveToFront(
    target: QueueTarget,
    { id, epoch, class: predictionClass }: Omit<NewJob, 'turn'>,
  ): Promise<void> {
    const turn = await this.frontTurn(target, predictionClass)
    const job = await this.queueOf(target).getJob(predictionJobId(id, epoch))
    await job?.changePriority({ priority: priorityOf(predictionClass, turn), lifo: true })
  }

  /** Jobs that BullMQ gave up on, with its reason; forgotten by `forget`. */
  async failed(
    target: QueueTarget,
    limit: number,
  ): Promise<{ jobId: string; data: unknown; reason: string }[]> {
    const jobs = await this.queueOf(target).getFailed(0, limit - 1)
    return jobs.map((job) => ({ jobId: job.id ?? '', data: job.data, reason: job.failedReason ?? '' }))
  }

  async forget(target: QueueTarget, jobId: string): Promise<void> {
    await this.queueOf(target).remove(jobId)
  }

  /** Removes the queue of a version that is gone, with whatever is left in it. */
  async drop(target: QueueTarget): Promise<void> {
    const queue = this.queueOf(target)
    await queue.obliterate({ force: true })
    this.queues.delete(target.version)
    await queue.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()))
  }

  private keyOf({ model, version }: QueueTarget, name: string): string {
    return `${this.keys.queuePrefix(modelTag(model))}:${predictionQueueName(version)}:${name}`
  }

  private queueOf({ model, version }: QueueTarget): Queue {
    const known = this.queues.get(version)
    if (known) return known
    const queue = new Queue(predictionQueueName(version), {
      connection: this.redis,
      prefix: this.keys.queuePrefix(modelTag(model)),
      // Without these two a queue that is opened while Redis is away hangs, or stays broken for good.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      streams: keepFewEvents,
      defaultJobOptions: { removeOnComplete: true, attempts: 1 },
    })
    // The connection logs its own errors; an unheard 'error' event would end the process.
    queue.on('error', () => {})
    this.queues.set(version, queue)
    return queue
  }
}
