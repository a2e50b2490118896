import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'
import { scored } from '../redis/scored.js'
import { type ShadowJob, shadowJobId, shadowQueueName } from './jobs.js'
import type { QueueTarget } from './version-queues.js'

/** So many lost workers, or errors of ours, a repetition survives. It is a sample: nobody misses it. */
const attempts = 3

/** Repetitions wait in a queue of their own beside that of their version: nothing else waits for them. */
export class ShadowQueues {
  private readonly queues = new Map<VersionId, Queue>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Adds samples of live traffic as far as there is room, so that `limit` wait at most. Returns how many it took. */
  async add(
    target: QueueTarget,
    jobs: readonly Omit<ShadowJob, 'kind'>[],
    limit: number,
    nowMs: number,
  ): Promise<number> {
    const room = Math.max(0, limit - (await this.waiting(target)))
    return this.write(target, jobs.slice(0, room), nowMs)
  }

  /** Adds all of a replay, which gives way to samples of live traffic, and takes none of their room. */
  async addReplay(
    target: QueueTarget,
    jobs: readonly Omit<ShadowJob, 'kind'>[],
    nowMs: number,
  ): Promise<void> {
    await this.write(target, jobs, nowMs, { priority: 1 })
  }

  private async write(
    target: QueueTarget,
    jobs: readonly Omit<ShadowJob, 'kind'>[],
    nowMs: number,
    options: { priority?: number } = {},
  ): Promise<number> {
    const bulk = jobs.map((job) => ({
      name: 'shadow',
      data: { kind: 'shadow', ...job } satisfies ShadowJob,
      opts: { jobId: shadowJobId(job), ...options },
    }))
    if (bulk.length === 0) return 0
    await this.queueOf(target).addBulk(bulk)
    await this.redis.zadd(this.keys.shadowed, nowMs, target.version)
    return bulk.length
  }

  /** Samples of live traffic. */
  async waiting(target: QueueTarget): Promise<number> {
    return this.redis.llen(this.keyOf(target, 'wait'))
  }

  /** Repetitions of replays. */
  async replaysWaiting(target: QueueTarget): Promise<number> {
    // BullMQ takes what has a priority after all that has none.
    return this.redis.zcard(this.keyOf(target, 'prioritized'))
  }

  /** What waits, and what workers hold. */
  async pending(target: QueueTarget): Promise<number> {
    const lengths = await Promise.all([
      this.waiting(target),
      this.replaysWaiting(target),
      this.redis.llen(this.keyOf(target, 'active')),
      this.redis.zcard(this.keyOf(target, 'delayed')),
    ])
    return lengths.reduce((sum, length) => sum + length, 0)
  }

  /** Versions that were given something to repeat since then, and when that last was. */
  async addedSince(sinceMs: number): Promise<Map<VersionId, number>> {
    return new Map(scored(await this.redis.zrangebyscore(this.keys.shadowed, sinceMs, '+inf', 'WITHSCORES')))
  }

  /** For tools that show queues of BullMQ. */
  bullQueue(target: QueueTarget): Queue {
    return this.queueOf(target)
  }

  /** Removes the queue of a version that is gone, with whatever is left in it. */
  async drop(target: QueueTarget): Promise<void> {
    const queue = this.queueOf(target)
    await queue.obliterate({ force: true })
    await this.redis.zrem(this.keys.shadowed, target.version)
    this.queues.delete(target.version)
    await queue.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.close()))
  }

  private keyOf({ model, version }: QueueTarget, name: string): string {
    return `${this.keys.queuePrefix(modelTag(model))}:${shadowQueueName(version)}:${name}`
  }

  private queueOf({ model, version }: QueueTarget): Queue {
    const known = this.queues.get(version)
    if (known) return known
    const queue = new Queue(shadowQueueName(version), {
      connection: this.redis,
      prefix: this.keys.queuePrefix(modelTag(model)),
      // Without these two a queue that is opened while Redis is away hangs, or stays broken for good.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts },
    })
    // The connection logs its own errors; an unheard 'error' event would end the process.
    queue.on('error', () => {})
    this.queues.set(version, queue)
    return queue
  }
}
