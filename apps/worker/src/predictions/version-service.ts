import type { LocalVersion } from '@augur/core/models/version'
import { type PredictionClass, predictionClasses } from '@augur/core/predictions/prediction'
import type { PredictionJob } from '@augur/core/queue/jobs'
import type { JobConsumer, JobOutcomeOrLater } from '@augur/core/queue/job-consumer'
import { MicroBatcher } from '@augur/inference/micro-batcher'
import type { RunnerHost } from '@augur/inference/runner-host'
import { type PoolState, type RunnerLease, RunnerPool } from '@augur/inference/runner-pool'
import type { Served } from '@augur/inference/runner/protocol'
import type { RunSlot, RunSlots } from '../run-slots.js'
import type { CancelPolicy } from './cancel-policy.js'
import { ChunkService, type ChunkServiceOptions } from './chunk-service.js'
import type { ShadowService } from '../shadow/shadow-service.js'
import { FetchPlaces } from './fetch-places.js'
import {
  failAll,
  giveBack,
  type HeldPrediction,
  HeldPredictions,
  type HeldPredictionsOptions,
  settleAll,
} from './held-predictions.js'
import { LookAhead } from './look-ahead.js'
import { type MicroBatchContext, type Prepared, prepareMicroBatch, runMicroBatch } from './run-micro-batch.js'

export interface VersionServiceOptions {
  version: LocalVersion
  slots: RunSlots
  microBatch: MicroBatchContext
  chunk: ChunkServiceOptions['chunk']
  cancelPolicy: CancelPolicy
  /** Where its runners come from: one for all versions of a worker. */
  host: RunnerHost
  fetchAhead: HeldPredictionsOptions['fetchAhead']
  dropFetched: HeldPredictionsOptions['dropFetched']
  /** Starts to consume the version's queue. */
  consume(places: number, handle: (job: PredictionJob) => Promise<JobOutcomeOrLater>): JobConsumer
  /** Starts to consume the version's batch queue. */
  consumeChunks: ChunkServiceOptions['consume']
  /** Repeats what other versions answered. */
  shadows: Pick<ShadowService, 'start' | 'stop' | 'wanted'>
  onStateChange(state: PoolState): void
  /** A runner that held the version died; another takes its place. */
  onRunnerDied(): void
}

/** A micro-batch that was taken, on its way to a runner. */
interface Taken {
  batch: readonly HeldPrediction[]
  prepared: Promise<Prepared>
}

interface Running extends Taken {
  lease: RunnerLease
  startedAt: number
}

/** Serves one version: takes jobs from its queue while a runner is ready, forms micro-batches, and runs them. */
export class VersionService {
  private readonly pool: RunnerPool
  private readonly batcher: MicroBatcher<HeldPrediction>
  private readonly held: HeldPredictions
  private readonly running = new Set<Running>()
  private readonly ahead: LookAhead<Taken>
  private readonly chunks: ChunkService
  private consumer: JobConsumer | undefined
  private closing: Promise<unknown> = Promise.resolve()
  private asking = 0
  private lending = 0
  private stopping = false
  /** Ends what is fetched for micro-batches that go back to the queue. */
  private leaving = new AbortController()

  constructor(private readonly options: VersionServiceOptions) {
    const { version, host } = options
    this.pool = new RunnerPool({
      version,
      host,
      onIdle: () => this.pump(),
      onStateChange: (state) => this.stateChanged(state),
      onRunnerDied: () => options.onRunnerDied(),
    })
    this.batcher = new MicroBatcher({
      ...version.manifest.serving.batching,
      onReady: () => this.pump(),
      isGone: ({ canceled }) => canceled,
    })
    this.ahead = new LookAhead({
      take: (areRunsShort) => this.takeAhead(areRunsShort),
      nextFree: () => [...this.running].find(({ lease }) => !lease.isShared)?.lease,
    })
    const most = placesOf(version) / 2
    this.held = new HeldPredictions({
      fetchPlaces: new FetchPlaces({ most, mostAlike: Math.ceil(most / 2) }),
      fetchAhead: options.fetchAhead,
      dropFetched: options.dropFetched,
      onReady: (held) => this.batcher.add(held),
      onAbandoned: (id) => this.cancel(id),
    })
    const { chunk, consumeChunks: consume } = options
    this.chunks = new ChunkService({ version, chunk, consume, onWork: () => this.lend() })
  }

  get state(): PoolState {
    return this.pool.state
  }

  /** What computes its answers, while a runner holds it. */
  get served(): Served | undefined {
    return this.pool.served
  }

  /** Whether it holds anything that does not run yet. */
  get hasWaiting(): boolean {
    const isWaiting = this.ahead.first !== undefined || this.chunks.waiting > 0
    return isWaiting || this.held.ready.length > 0
  }

  /** Whether there may be predictions of another version to repeat. */
  shadowed(isWanted: boolean): void {
    this.options.shadows.wanted(isWanted)
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

  /** A prediction or a batch was cancelled: it is not run if it still waits, and may cost its runner if it is running. */
  cancel(id: string): void {
    this.chunks.cancel(id)
    const held = this.held.find(id)
    if (!held) return
    held.canceled = true
    for (const running of this.running) {
      if (running.batch.includes(held)) this.killWhenDue(running)
    }
    if (held.begun) return
    this.batcher.remove(held)
    held.settle('done')
  }

  private killWhenDue(running: Running): void {
    const { cancelPolicy } = this.options
    // Whoever shares the run must not pay for others.
    if (!this.running.has(running) || running.batch.some(({ canceled }) => !canceled)) return
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
    this.consumer = this.options.consume(placesOf(this.options.version), async (job) =>
      this.consumer ? this.held.hold(job) : 'returned',
    )
    this.chunks.start()
    this.options.shadows.start()
  }

  private stopConsuming(): Promise<unknown> {
    const consumer = this.consumer
    this.consumer = undefined
    this.leaving.abort()
    this.leaving = new AbortController()
    if (consumer)
      this.closing = Promise.all([
        this.closing,
        consumer.close(),
        this.chunks.stop(),
        this.options.shadows.stop(),
      ])
    this.returnWaiting()
    return this.closing
  }

  /** Hands back what no runner has begun. */
  private returnWaiting(): void {
    for (const { batch, prepared } of this.ahead.clear()) {
      // A claim under way must not come after that of the worker which is given it next.
      prepared.then(
        () => settleAll(batch, 'returned'),
        (error: unknown) => giveBack(batch, error),
      )
    }
    for (const held of this.held.unbegun) {
      this.batcher.remove(held)
      held.settle('returned')
    }
  }

  /** Asks for one run slot for each idle runner that has something to do, and looks ahead for those that are busy. */
  private pump(): void {
    while (this.asking < this.pool.idle && this.hasWork) {
      this.asking++
      const forClass = this.mostUrgent()
      void this.options.slots.acquire(forClass).then((release) => {
        this.asking--
        this.begin(this.options.slots.renewable(forClass, release))
      })
    }
    this.ahead.look()
    this.lend()
  }

  /** Asks for a run slot for each runner that predictions leave to batches. */
  private lend(): void {
    while (this.lending < Math.min(this.pool.idle, this.chunks.waiting)) {
      this.lending++
      void this.options.slots.acquire('batch').then((release) => {
        this.lending--
        this.lendTo(this.options.slots.renewable('batch', release))
      })
    }
  }

  private lendTo(slot: RunSlot): void {
    // Predictions that came meanwhile go first.
    if (this.hasWork) return this.begin(slot)
    const lease = this.chunks.waiting > 0 ? this.pool.acquire(slot) : null
    if (!lease) return slot.release()
    void this.chunks.runNext(lease).finally(() => {
      slot.release()
      lease.release()
      this.pump()
    })
  }

  private get hasWork(): boolean {
    return this.ahead.first !== undefined || this.batcher.isReady
  }

  /** Of what is run next. */
  private mostUrgent(): PredictionClass {
    const next = this.ahead.first?.batch ?? this.held.ready
    const waiting = new Set(next.map(({ job }) => job.class))
    return predictionClasses.find((name) => waiting.has(name)) ?? 'submission'
  }

  /** Of short runs only full micro-batches, since others still grow while a runner is busy. */
  private takeAhead(areRunsShort: boolean): Taken | undefined {
    const isWorthIt = this.batcher.isFull || !areRunsShort
    return this.consumer && isWorthIt ? this.take() : undefined
  }

  private take(): Taken | undefined {
    const batch = this.batcher.take()
    if (batch.length === 0) return undefined
    for (const held of batch) held.begun = true
    const prepared = prepareMicroBatch(this.options.microBatch, batch, this.leaving.signal)
    // Whoever runs or returns it looks at that; until then a rejection must not count as unhandled.
    prepared.catch(() => {})
    return { batch, prepared }
  }

  private begin(slot: RunSlot): void {
    // While the slot was waited for, the runner may have died, or everybody may have left.
    const lease = this.hasWork ? this.pool.acquire(slot) : null
    const taken = lease ? (this.ahead.shift() ?? this.take()) : undefined
    if (!lease || !taken) {
      slot.release()
      lease?.release()
      return
    }
    const running: Running = { ...taken, lease, startedAt: performance.now() }
    this.running.add(running)
    const ended = this.ahead.begin(lease)
    void this.run(running).finally(() => {
      ended()
      this.running.delete(running)
      slot.release()
      lease.release()
      this.pump()
    })
    this.pump()
  }

  /** Resolves when the runner is free again; the ends are then still being written. */
  private async run({ lease, batch, prepared }: Running): Promise<void> {
    try {
      const { written } = await runMicroBatch(this.options.microBatch, lease, await prepared)
      written.then(
        () => settleAll(batch, 'done'),
        (error: unknown) => failAll(batch, error),
      )
    } catch (error) {
      giveBack(batch, error)
    }
  }
}

/** Predictions held at a time, running and waiting for a micro-batch. */
function placesOf({ manifest }: LocalVersion): number {
  return 2 * manifest.serving.batching.maxSize * manifest.serving.instances
}
