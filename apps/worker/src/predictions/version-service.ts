import type { LocalVersion } from '@augur/core/models/version'
import { type PredictionClass, predictionClasses } from '@augur/core/predictions/prediction'
import type { PredictionJob } from '@augur/core/queue/jobs'
import type { JobOutcome, PredictionConsumer } from '@augur/core/queue/prediction-consumer'
import { MicroBatcher } from '@augur/inference/micro-batcher'
import type { RunnerHost } from '@augur/inference/runner-host'
import { type PoolState, type RunnerLease, RunnerPool } from '@augur/inference/runner-pool'
import { RunnerUnavailableError } from '@augur/inference/runner-seat'
import type { ReleaseSlot, RunSlots } from '../run-slots.js'
import type { CancelPolicy } from './cancel-policy.js'
import { type HeldJob, type MicroBatchContext, runMicroBatch } from './run-micro-batch.js'

export interface VersionServiceOptions {
  version: LocalVersion
  slots: RunSlots
  microBatch: MicroBatchContext
  cancelPolicy: CancelPolicy
  /** Where its runners come from: one for all versions of a worker. */
  host: RunnerHost
  /** Starts to consume the version's queue. */
  consume(concurrency: number, handle: (job: PredictionJob) => Promise<JobOutcome>): PredictionConsumer
  onStateChange(state: PoolState): void
}

interface Waiting extends HeldJob {
  /** Whether a micro-batch took it; only its end can settle it then. */
  begun: boolean
  settle(outcome: JobOutcome): void
  fail(error: unknown): void
}

interface Running {
  lease: RunnerLease
  batch: readonly Waiting[]
  startedAt: number
}

/** Serves one version: takes jobs from its queue while a runner is ready, forms micro-batches, and runs them. */
export class VersionService {
  private readonly pool: RunnerPool
  private readonly batcher: MicroBatcher<Waiting>
  private readonly held = new Set<Waiting>()
  private readonly running = new Set<Running>()
  private consumer: PredictionConsumer | undefined
  private closing: Promise<unknown> = Promise.resolve()
  private asking = 0
  private stopping = false

  constructor(private readonly options: VersionServiceOptions) {
    const { version, host } = options
    this.pool = new RunnerPool({
      version,
      host,
      onIdle: () => this.pump(),
      onStateChange: (state) => this.stateChanged(state),
    })
    this.batcher = new MicroBatcher({
      ...version.manifest.serving.batching,
      onReady: () => this.pump(),
      isGone: ({ canceled }) => canceled,
    })
  }

  get state(): PoolState {
    return this.pool.state
  }

  start(): void {
    this.pool.start()
  }

  /** Stops taking jobs, lets what runs finish, and hands everything else back uncharged. */
  async drain(): Promise<void> {
    this.stopping = true
    await Promise.all([this.stopConsuming(), this.pool.drain()])
  }

  /** Drains, and after the grace period stops what still runs. */
  async stop(graceMs: number): Promise<void> {
    const deadline = setTimeout(() => void this.pool.stop(), graceMs)
    await this.drain()
    clearTimeout(deadline)
  }

  /** A prediction was cancelled: it is not run if it still waits, and may cost its runner if it is running. */
  cancel(id: string): void {
    const held = [...this.held].find(({ job }) => job.id === id)
    if (!held) return
    held.canceled = true
    for (const running of this.running) {
      if (running.batch.length === 1 && running.batch[0] === held) this.killWhenDue(running)
    }
    if (held.begun) return
    this.batcher.remove(held)
    held.settle('done')
  }

  private killWhenDue(running: Running): void {
    const { cancelPolicy } = this.options
    if (!this.running.has(running)) return
    const delayMs = cancelPolicy.delayMs(running.startedAt)
    if (delayMs > 0) {
      setTimeout(() => this.killWhenDue(running), delayMs).unref()
      return
    }
    cancelPolicy.killed()
    running.lease.kill()
  }

  private stateChanged(state: PoolState): void {
    this.options.onStateChange(state)
    if (state.status === 'ready') this.startConsuming()
    else if (this.consumer) void this.stopConsuming()
  }

  private startConsuming(): void {
    if (this.stopping || this.consumer) return
    const { instances, batching } = this.options.version.manifest.serving
    this.consumer = this.options.consume(2 * batching.maxSize * instances, (job) => this.handle(job))
  }

  private stopConsuming(): Promise<unknown> {
    const consumer = this.consumer
    this.consumer = undefined
    if (consumer) this.closing = Promise.all([this.closing, consumer.close()])
    this.returnWaiting()
    return this.closing
  }

  /** Hands back what no runner has begun. */
  private returnWaiting(): void {
    for (const waiting of this.held) {
      if (waiting.begun) continue
      this.batcher.remove(waiting)
      waiting.settle('returned')
    }
  }

  private async handle(job: PredictionJob): Promise<JobOutcome> {
    if (job.kind !== 'prediction') throw new Error(`no worker runs jobs of the kind ${job.kind} yet`)
    if (!this.consumer) return 'returned'
    let waiting: Waiting | undefined
    const outcome = new Promise<JobOutcome>((settle, fail) => {
      waiting = { job, canceled: false, begun: false, settle, fail }
      this.held.add(waiting)
      this.batcher.add(waiting)
    })
    return outcome.finally(() => waiting && this.held.delete(waiting))
  }

  /** Asks for one run slot for each idle runner that has something to do. */
  private pump(): void {
    while (this.asking < this.pool.idle && this.batcher.isReady) {
      this.asking++
      void this.options.slots.acquire(this.mostUrgent()).then((release) => {
        this.asking--
        this.begin(release)
      })
    }
  }

  private mostUrgent(): PredictionClass {
    const waiting = new Set([...this.held].filter(({ begun }) => !begun).map(({ job }) => job.class))
    return predictionClasses.find((name) => waiting.has(name)) ?? 'submission'
  }

  private begin(releaseSlot: ReleaseSlot): void {
    // While the slot was waited for, the runner may have died, or everybody may have left.
    const lease = this.batcher.isReady ? this.pool.acquire() : null
    const batch = lease ? this.batcher.take() : []
    if (!lease || batch.length === 0) {
      releaseSlot()
      lease?.release()
      return
    }
    for (const waiting of batch) waiting.begun = true
    const running: Running = { lease, batch, startedAt: performance.now() }
    this.running.add(running)
    void this.run(running).finally(() => {
      this.running.delete(running)
      releaseSlot()
      lease.release()
      this.pump()
    })
    this.pump()
  }

  /** Resolves when the runner is free again; the ends are then still being written. */
  private async run({ lease, batch }: Running): Promise<void> {
    try {
      const { written } = await runMicroBatch(this.options.microBatch, lease, batch)
      written.then(
        () => settleAll(batch, 'done'),
        (error: unknown) => failAll(batch, error),
      )
    } catch (error) {
      if (error instanceof RunnerUnavailableError) settleAll(batch, 'returned')
      else failAll(batch, error)
    }
  }
}

function settleAll(batch: readonly Waiting[], outcome: JobOutcome): void {
  for (const { settle } of batch) settle(outcome)
}

/** The queue gives these up, and the reconciler tries them again: a fault of ours must not turn in a circle. */
function failAll(batch: readonly Waiting[], error: unknown): void {
  for (const { fail } of batch) fail(error)
}
