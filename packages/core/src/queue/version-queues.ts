import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import { firstTurn, leftoversUntil, priorityOf, scoreOf, takenBack, turnOf } from './priority.js'

const takeBackTurns = loadScript(new URL('./take-back-turns.lua', import.meta.url))
/** Jobs whose turns are taken back in one step, which takes about a millisecond. */
const takenBackAtOnce = 500

/** The queue of one version, by what routes to it. */
export interface QueueTarget {
  model: string
  version: VersionId
}

/** What tells the queues of one kind from those of another; `Ref` is what tells jobs apart. */
export interface QueueKind<Ref, Job extends Ref> {
  jobName: string
  queueName(version: VersionId): string
  jobIdOf(job: Ref): string
  /** What travels through the queue. */
  dataOf(job: Job): object
}

/** When a job is served: the smallest turn first, and the same in order of arrival. */
export interface Turn {
  turn: number
}

/** Jobs that BullMQ gave up on, with its reason. */
export interface FailedJob {
  jobId: string
  data: unknown
  reason: string
}

/** The queues of one kind, one a version. Adding the same job twice adds it once. */
export class VersionQueues<Ref, Job extends Ref> {
  private readonly queues = new Map<VersionId, Queue>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly kind: QueueKind<Ref, Job>,
  ) {}

  async add(target: QueueTarget, jobs: readonly (Job & Turn)[]): Promise<void> {
    const { jobName: name, jobIdOf, dataOf } = this.kind
    const queue = this.queueOf(target)
    // One by one: in bulk each would be sent with the text of the script that adds it.
    await Promise.all(
      jobs.map((job) =>
        queue.add(name, dataOf(job), { jobId: jobIdOf(job), priority: priorityOf(job.turn) }),
      ),
    )
  }

  /** Takes waiting jobs out; one that a worker holds stays, and the claim will refuse it. */
  async remove(target: QueueTarget, jobs: readonly Ref[]): Promise<void> {
    const queue = this.queueOf(target)
    await Promise.all(jobs.map((job) => queue.remove(this.kind.jobIdOf(job))))
  }

  /** Which of these jobs the queue still knows, in whatever state. */
  async has(target: QueueTarget, jobs: readonly Ref[]): Promise<boolean[]> {
    const pipeline = this.redis.pipeline()
    for (const job of jobs) pipeline.exists(this.keyOf(target, this.kind.jobIdOf(job)))
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, reply]) => {
      if (error) throw error
      return reply === 1
    })
  }

  /** Jobs that wait, or that a worker holds. */
  async depth(target: QueueTarget): Promise<number> {
    const key = (name: string) => this.keyOf(target, name)
    const lengths = await Promise.all([
      ...['wait', 'paused', 'active'].map((list) => this.redis.llen(key(list))),
      ...['prioritized', 'delayed'].map((set) => this.redis.zcard(key(set))),
    ])
    return lengths.reduce((sum, length) => sum + length, 0)
  }

  /** The turn of the job that is served next; the first of all turns when none waits. */
  async frontTurn(target: QueueTarget): Promise<number> {
    const [, score] = await this.redis.zrange(this.keyOf(target, 'prioritized'), '0', '0', 'WITHSCORES')
    return score === undefined ? firstTurn : turnOf(Number(score))
  }

  /**
   * Has turns begin again where they have come far, in the order that jobs have, and takes those along that were given
   * meanwhile by who did not know. Returns for how many jobs it did.
   */
  async takeBackTurns(target: QueueTarget): Promise<number> {
    const front = await this.frontTurn(target)
    if (front > leftoversUntil && front <= takenBack) return 0
    const keys = [this.keyOf(target, 'prioritized')]
    let all = 0
    // Each step begins where the one before ended: what that one took back may still be far, and is not taken again.
    let from = String(scoreOf(takenBack + 1))
    for (let some = takenBackAtOnce; some === takenBackAtOnce; all += some) {
      const args = [this.keyOf(target, ''), takenBack, takenBackAtOnce, from]
      ;[some, from] = await runScript<[number, string]>(this.redis, takeBackTurns, keys, args)
    }
    return all
  }

  /** Forgotten by `forget`. */
  async failed(target: QueueTarget, limit: number): Promise<FailedJob[]> {
    const jobs = await this.queueOf(target).getFailed(0, limit - 1)
    return jobs.map((job) => ({ jobId: job.id ?? '', data: job.data, reason: job.failedReason ?? '' }))
  }

  async forget(target: QueueTarget, jobId: string): Promise<void> {
    await this.queueOf(target).remove(jobId)
  }

  /** Has workers take nothing out of the queue until it is resumed; what they hold by then goes on. */
  async pause(target: QueueTarget): Promise<void> {
    await this.queueOf(target).pause()
  }

  async resume(target: QueueTarget): Promise<void> {
    await this.queueOf(target).resume()
  }

  async isPaused(target: QueueTarget): Promise<boolean> {
    return (await this.redis.hexists(this.keyOf(target, 'meta'), 'paused')) === 1
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
    return `${this.keys.queuePrefix(modelTag(model))}:${this.kind.queueName(version)}:${name}`
  }

  /** For tools that show queues of BullMQ; whoever changes something by it goes behind the records. */
  bullQueue(target: QueueTarget): Queue {
    return this.queueOf(target)
  }

  private queueOf({ model, version }: QueueTarget): Queue {
    const known = this.queues.get(version)
    if (known) return known
    const queue = new Queue(this.kind.queueName(version), {
      connection: this.redis,
      prefix: this.keys.queuePrefix(modelTag(model)),
      // Without these two a queue that is opened while Redis is away hangs, or stays broken for good.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, attempts: 1 },
    })
    // The connection logs its own errors; an unheard 'error' event would end the process.
    queue.on('error', () => {})
    this.queues.set(version, queue)
    return queue
  }
}
