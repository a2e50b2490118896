import type { PredictionJob } from '@augur/core/queue/jobs'
import type { JobOutcomeOrLater } from '@augur/core/queue/job-consumer'
import { RunnerUnavailableError } from '@augur/inference/runner-seat'
import type { FetchedAhead } from './fetch-ahead.js'
import type { FetchPlaces } from './fetch-places.js'
import type { HeldJob } from './run-micro-batch.js'

/** A prediction of a job that this worker holds. */
export interface HeldPrediction extends HeldJob {
  /** Whether a micro-batch took it; only its end can settle it then. */
  begun: boolean
  /** Whether its files are being fetched: it can be in no micro-batch yet. */
  isFetching: boolean
  settle(outcome: JobOutcomeOrLater): void
  fail(error: unknown): void
}

export interface HeldPredictionsOptions {
  /** Those whose files may be fetched at a time. */
  fetchPlaces: FetchPlaces
  /** Fetches what the input of a prediction names at other hosts. Never rejects. */
  fetchAhead(id: string, control: { places: FetchPlaces; signal: AbortSignal }): Promise<FetchedAhead>
  /** The prediction left: what was fetched for it is of no use any more. */
  dropFetched(id: string): void
  /** It can be in a micro-batch from now on. */
  onReady(held: HeldPrediction): void
  /** It has ended, and nobody needs what it still yields. */
  onAbandoned(id: string): void
}

/** The predictions that a version's queue gave to this worker and that are not settled. */
export class HeldPredictions {
  private readonly held = new Set<HeldPrediction>()

  constructor(private readonly options: HeldPredictionsOptions) {}

  find(id: string): HeldPrediction | undefined {
    return [...this.held].find(({ job }) => job.id === id)
  }

  /** Those that no micro-batch took. */
  get unbegun(): HeldPrediction[] {
    return [...this.held].filter(({ begun }) => !begun)
  }

  /** Of these, those that could be run next. */
  get ready(): HeldPrediction[] {
    return this.unbegun.filter(({ isFetching }) => !isFetching)
  }

  /**
   * Holds the predictions of a job until each is settled. Those that share a job go back together, if any of them does:
   * what has ended by then is not run again.
   */
  async hold({ companions, ...first }: PredictionJob): Promise<JobOutcomeOrLater> {
    if (!companions) return this.holdOne(first)
    const sharing = [first, ...companions.map((each) => ({ ...first, ...each }))]
    const settled = await Promise.allSettled(sharing.map((job) => this.holdOne(job)))
    const outcomes = settled.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
    return outcomes.find((outcome) => outcome !== 'done') ?? 'done'
  }

  private async holdOne(job: PredictionJob): Promise<JobOutcomeOrLater> {
    // Making and aborting one costs as much as all else that is done here: for those that need it.
    const leave = job.remote ? new AbortController() : null
    let held: HeldPrediction | undefined
    const outcome = new Promise<JobOutcomeOrLater>((resolve, fail) => {
      const abandon = () => this.options.onAbandoned(job.id)
      // At once, for what comes of a fetch meanwhile must not be run any more.
      const settle = (settled: JobOutcomeOrLater) => {
        leave?.abort()
        resolve(settled)
      }
      held = { job, canceled: false, abandon, begun: false, isFetching: leave !== null, settle, fail }
      this.held.add(held)
      if (leave) void this.fetch(held, leave.signal)
      else this.options.onReady(held)
    })
    return outcome.finally(() => {
      if (held) this.held.delete(held)
      if (job.remote) this.options.dropFetched(job.id)
    })
  }

  /** Has it wait for a micro-batch once its files are here. */
  private async fetch(held: HeldPrediction, signal: AbortSignal): Promise<void> {
    const { fetchAhead, fetchPlaces: places, onReady } = this.options
    const fetched = await fetchAhead(held.job.id, { places, signal })
    if (signal.aborted) return
    if (fetched === 'later') return held.settle('later')
    held.isFetching = false
    onReady(held)
  }
}

export function settleAll(batch: readonly HeldPrediction[], outcome: JobOutcomeOrLater): void {
  for (const { settle } of batch) settle(outcome)
}

/** Where it is only that no runner is to be had, others run them. */
export function giveBack(batch: readonly HeldPrediction[], error: unknown): void {
  if (error instanceof RunnerUnavailableError) settleAll(batch, 'returned')
  else failAll(batch, error)
}

/** The queue gives these up, and the reconciler tries them again: a fault of ours must not turn in a circle. */
export function failAll(batch: readonly HeldPrediction[], error: unknown): void {
  for (const { fail } of batch) fail(error)
}
