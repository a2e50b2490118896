import type { LocalVersion } from '@augur/core/models/version'
import type { ChunkJob } from '@augur/core/queue/jobs'
import type { JobOutcome } from '@augur/core/queue/job-consumer'
import type { RunInput } from '@augur/inference/runner/protocol'
import type { RunOutcome } from '@augur/inference/runner/runner'
import type { RunnerLease } from '@augur/inference/runner-pool'
import { RunnerUnavailableError } from '@augur/inference/runner-seat'
import { type ChunkContext, runChunk } from './run-chunk.js'
import { RunSize } from './run-size.js'

export interface ChunkServiceOptions {
  version: LocalVersion
  chunk: ChunkContext & {
    /** Called when a run begins, and what it gives back when that run ends. */
    onRun(size: number): (outcome?: RunOutcome) => void
  }
  /** Starts to consume the version's batch queue. */
  consume(places: number, handle: (job: ChunkJob) => Promise<JobOutcome>): { close(): Promise<void> }
  /** A run wants a runner. */
  onWork(): void
}

interface Held {
  batch: string
  isStopped: boolean
  isLeaving: boolean
  interrupt: AbortController
}

interface WantedRun {
  inputs: RunInput[]
  settle(outcome: RunOutcome): void
  fail(error: unknown): void
}

/** Micro-batches that a runner is sent at a time: lines may turn out to be slower than those before them. */
const mostMicroBatches = 8

/**
 * Works on the batches of one version, chunk by chunk, on runners that it is lent for one run at a time. Two chunks
 * take turns on each runner: while one runs, the results of the other are stored.
 */
export class ChunkService {
  private readonly held = new Set<Held>()
  private readonly wanted: WantedRun[] = []
  private readonly size: RunSize
  private consumer: { close(): Promise<void> } | undefined

  constructor(private readonly options: ChunkServiceOptions) {
    const { maxSize } = options.version.manifest.serving.batching
    this.size = new RunSize({ least: maxSize, most: mostMicroBatches * maxSize })
  }

  /** Runs that wait for a runner. */
  get waiting(): number {
    return this.wanted.length
  }

  start(): void {
    const { instances } = this.options.version.manifest.serving
    this.consumer ??= this.options.consume(2 * instances, (job) => this.handle(job))
  }

  /** Takes no more chunks, lets runs under way end, and hands the rest back. */
  async stop(): Promise<void> {
    const { consumer } = this
    this.consumer = undefined
    for (const held of this.held) {
      held.isLeaving = true
      held.interrupt.abort()
    }
    for (const { fail } of this.wanted.splice(0)) fail(new RunnerUnavailableError('the version is leaving'))
    await consumer?.close()
  }

  /** A batch was stopped: what runs of it is finished, and no more of it is begun. */
  cancel(batch: string): void {
    for (const held of this.held) {
      if (held.batch !== batch) continue
      held.isStopped = true
      held.interrupt.abort()
    }
  }

  /** Carries out the next run that waits. Resolves when the lease is of no use any more. */
  async runNext(lease: Pick<RunnerLease, 'run'>): Promise<void> {
    const wanted = this.wanted.shift()
    if (!wanted) return
    const onRan = this.options.chunk.onRun(wanted.inputs.length)
    let outcome: RunOutcome | undefined
    try {
      outcome = await lease.run(wanted.inputs)
      wanted.settle(outcome)
    } catch (error) {
      wanted.fail(error)
    } finally {
      onRan(outcome)
    }
  }

  private async handle(job: ChunkJob): Promise<JobOutcome> {
    if (!this.consumer) return 'returned'
    const interrupt = new AbortController()
    const held: Held = { batch: job.batch, isStopped: false, isLeaving: false, interrupt }
    this.held.add(held)
    try {
      return await runChunk(this.options.chunk, job, {
        run: (inputs) => this.run(inputs),
        size: this.size,
        isStopped: () => held.isStopped,
        isLeaving: () => held.isLeaving,
        signal: interrupt.signal,
      })
    } catch (error) {
      if (error instanceof RunnerUnavailableError) return 'returned'
      throw error
    } finally {
      this.held.delete(held)
    }
  }

  private run(inputs: RunInput[]): Promise<RunOutcome> {
    if (!this.consumer) return Promise.reject(new RunnerUnavailableError('the version is leaving'))
    return new Promise((settle, fail) => {
      this.wanted.push({ inputs, settle, fail })
      this.options.onWork()
    })
  }
}
