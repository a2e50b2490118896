import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalVersion } from '@augur/core/models/version'
import type { ShadowJob } from '@augur/core/queue/jobs'
import type { JobOutcome } from '@augur/core/queue/job-consumer'
import type { RunnerHost } from '@augur/inference/runner-host'
import { type RunnerLease, RunnerPool } from '@augur/inference/runner-pool'
import { RunnerUnavailableError } from '@augur/inference/runner-seat'
import type { Logger } from '@augur/core/telemetry/logger'
import type { ReleaseSlot, RunSlots } from '../run-slots.js'
import { runShadows, type ShadowContext } from './run-shadows.js'

export interface ShadowServiceOptions {
  version: LocalVersion
  host: Pick<RunnerHost, 'background' | 'loadTimeoutMs'>
  slots: Pick<RunSlots, 'borrow'>
  /** Whether nobody waits, and the machine has processors to spare. */
  isQuiet(): boolean
  shadow: ShadowContext
  /** Starts to consume the version's shadow queue. */
  consume(concurrency: number, handle: (job: ShadowJob) => Promise<JobOutcome>): { close(): Promise<void> }
  logger: Logger
}

interface Held {
  job: ShadowJob
  settle(outcome: JobOutcome): void
  fail(error: unknown): void
}

interface Turn {
  lease: RunnerLease
  release: ReleaseSlot
}

const lookEveryMs = 25

/**
 * Repeats predictions on one version while it is wanted for that: with a runner of its own at low priority, one
 * micro-batch at a time, and only in quiet moments.
 */
export class ShadowService {
  private readonly held: Held[] = []
  private session: Session | undefined
  private ending: Promise<unknown> = Promise.resolve()
  private isOpen = false
  private isWanted = false

  constructor(private readonly options: ShadowServiceOptions) {}

  /** The version is served. */
  start(): void {
    this.isOpen = true
    this.adjust()
  }

  /** Lets go of everything, and hands back what did not end. */
  async stop(): Promise<void> {
    this.isOpen = false
    this.adjust()
    await this.ending
  }

  /** Whether there is, or soon may be, anything to repeat. Its runner is kept no longer than that. */
  wanted(isWanted: boolean): void {
    this.isWanted = isWanted
    this.adjust()
  }

  private adjust(): void {
    const isDue = this.isOpen && this.isWanted
    if (isDue && !this.session) this.begin()
    else if (!isDue && this.session) this.end(this.session)
  }

  private begin(): void {
    const { version, host, consume } = this.options
    const { loadTimeoutMs } = host
    const pool = new RunnerPool({
      version,
      host: { loadTimeoutMs, reserve: (each) => [host.background(each)] },
    })
    pool.start()
    const concurrency = Math.max(4, version.manifest.serving.batching.maxSize)
    const consumer = consume(concurrency, (job) => this.handle(job))
    this.session = { pool, consumer, stopping: new AbortController() }
  }

  private end(session: Session): void {
    this.session = undefined
    session.stopping.abort()
    for (const { settle } of this.held.splice(0)) settle('returned')
    this.ending = Promise.all([this.ending, session.pool.stop(), session.consumer.close()]).catch(
      (error: unknown) => this.options.logger.warn({ err: error }, 'shadow could not be stopped'),
    )
  }

  private handle(job: ShadowJob): Promise<JobOutcome> {
    const { session } = this
    if (!session) return Promise.resolve('returned')
    return new Promise((settle, fail) => {
      this.held.push({ job, settle, fail })
      void this.work(session)
    })
  }

  private async work(session: Session): Promise<void> {
    if (session.isWorking) return
    session.isWorking = true
    while (this.held.length > 0) {
      const turn = await this.nextTurn(session)
      if (!turn) break
      await this.run(this.held.splice(0, this.options.version.manifest.serving.batching.maxSize), turn)
    }
    session.isWorking = false
  }

  /** Waits for a quiet moment, a runner and a slot; null when the session ends first. */
  private async nextTurn({ pool, stopping }: Session): Promise<Turn | null> {
    const { isQuiet, slots } = this.options
    while (!stopping.signal.aborted) {
      const lease = isQuiet() ? pool.acquire() : null
      const release = lease && slots.borrow()
      if (lease && release) return { lease, release }
      lease?.release()
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    return null
  }

  private async run(batch: readonly Held[], { lease, release }: Turn): Promise<void> {
    const jobs = batch.map(({ job }) => job)
    try {
      await runShadows(this.options.shadow, jobs, (inputs) => lease.run(inputs))
      for (const { settle } of batch) settle('done')
    } catch (error) {
      const isOurs = !(error instanceof RunnerUnavailableError)
      for (const { settle, fail } of batch) {
        if (isOurs) fail(error)
        else settle('returned')
      }
    } finally {
      release()
      lease.release()
    }
  }
}

interface Session {
  pool: RunnerPool
  consumer: { close(): Promise<void> }
  stopping: AbortController
  isWorking?: boolean
}
