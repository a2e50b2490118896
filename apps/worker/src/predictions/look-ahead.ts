import type { RunnerLease } from '@augur/inference/runner-pool'
import { RunForecast } from './run-forecast.js'
import type { Prepared } from './run-micro-batch.js'

/**
 * How long before a runner is expected to be free its next micro-batch is claimed and read. It has to be longer than
 * that takes, and no longer than callers may be told `processing` too early.
 */
const leadMs = 50

/** Inputs with fewer characters get to a runner about as fast when it is free. */
const stagedLength = 16_384

export interface LookAheadOptions<T> {
  /** Takes the micro-batch that is run next and has it prepared; undefined when there is none to take yet. */
  take(areRunsShort: boolean): T | undefined
  /** The busy runner that is expected to be free first, among those that serve no other version. */
  nextFree(): Pick<RunnerLease, 'stage'> | undefined
}

/** Micro-batches that are claimed and read while every runner is busy: no more than one for each that is nearly free. */
export class LookAhead<T extends { prepared: Promise<Prepared> }> {
  private ahead: T[] = []
  private readonly forecast = new RunForecast({
    leadMs,
    onEndingSoon: () => this.look(),
    now: () => performance.now(),
  })

  constructor(private readonly options: LookAheadOptions<T>) {}

  /** What is run next, which stays. */
  get first(): T | undefined {
    return this.ahead[0]
  }

  /** Takes out what is run next. */
  shift(): T | undefined {
    return this.ahead.shift()
  }

  /** Takes out everything. */
  clear(): T[] {
    return this.ahead.splice(0)
  }

  /** A run begins. Gives the function to call when it ends. A shared runner may be given to another version then. */
  begin({ isShared }: Pick<RunnerLease, 'isShared'>): () => void {
    return isShared ? () => {} : this.forecast.begin()
  }

  look(): void {
    while (this.ahead.length < this.forecast.endingSoon) {
      const taken = this.options.take(this.forecast.areRunsShort)
      if (!taken) return
      this.ahead.push(taken)
      taken.prepared.then(
        (prepared) => this.stage(taken, prepared),
        () => {},
      )
    }
  }

  /** Sends large inputs to the runner, if they still wait for it. */
  private stage(taken: T, { inputs }: Prepared): void {
    const length = inputs.reduce((sum, { json }) => sum + json.length, 0)
    if (length >= stagedLength && this.ahead.includes(taken)) this.options.nextFree()?.stage(inputs)
  }
}
