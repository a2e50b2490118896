import { EventEmitter, once } from 'node:events'
import type { LocalVersion } from '@augur/core/models/version'
import type { LoadError } from './runner/load-error.js'
import { type Runner, type RunnerOptions, type RunOutcome, startRunner } from './runner/runner.js'
import { RunnerSeat, RunnerUnavailableError } from './runner-seat.js'

export type PoolStatus = 'loading' | 'ready' | 'load_failed' | 'crash_looping' | 'draining' | 'stopped'

export interface PoolState {
  status: PoolStatus
  /** For operators: why a version does not load. */
  reason?: string
}

export interface RunnerPoolOptions {
  version: LocalVersion
  runner?: RunnerOptions
  onStateChange?: (state: PoolState) => void
  /** A runner became free: time to `acquire`. */
  onIdle?: () => void
}

/** One runner, for one caller, until `release`. */
export interface RunnerLease {
  /**
   * Runs inputs (JSON texts) as one micro-batch, after waiting for a replacement when the runner died before. Rejects
   * with `RunnerUnavailableError` when there is none or the pool was stopped: then no input is to blame.
   */
  run(inputs: string[]): Promise<RunOutcome>
  /** Ends the run under way by ending its runner. */
  kill(): void
  release(): void
}

/** Failed loads in a row, without any runner left, that make a version `crash_looping`. */
const crashLoopAfter = 3

/** The runners of one version: as many as its manifest's `serving.instances`, each replaced when it dies. */
export class RunnerPool {
  private current: PoolState = { status: 'loading' }
  private readonly seats: RunnerSeat[]
  private readonly leased = new Set<RunnerSeat>()
  private readonly releases = new EventEmitter()

  constructor(private readonly options: RunnerPoolOptions) {
    const { version } = options
    this.seats = Array.from(
      { length: version.manifest.serving.instances },
      () =>
        new RunnerSeat({
          version,
          start: (): Runner => startRunner(options.runner),
          onLoaded: () => this.seatLoaded(),
          onLoadFailed: (error, failures) => this.seatFailed(error, failures),
        }),
    )
  }

  get state(): PoolState {
    return this.current
  }

  /** Runners that `acquire` can give now. */
  get idle(): number {
    return this.isOpen ? this.seats.filter((seat) => this.isIdle(seat)).length : 0
  }

  start(): void {
    for (const seat of this.seats) seat.open()
  }

  /** A free runner, or null while all are busy, dead or draining. */
  acquire(): RunnerLease | null {
    const seat = this.isOpen ? this.seats.find((each) => this.isIdle(each)) : undefined
    if (!seat) return null
    this.leased.add(seat)
    return {
      run: (inputs) => this.runOn(seat, inputs),
      kill: () => seat.runner?.kill(),
      release: () => this.release(seat),
    }
  }

  /** Gives no more leases, waits for those that are out, and stops. */
  async drain(): Promise<void> {
    if (this.isOpen) this.setState({ status: 'draining' })
    while (this.leased.size > 0 && this.current.status === 'draining') await once(this.releases, 'release')
    await this.stop()
  }

  /** Stops every runner, also those that are out. */
  async stop(): Promise<void> {
    this.setState({ status: 'stopped' })
    this.releases.emit('release')
    await Promise.all(this.seats.map((seat) => seat.close()))
  }

  private get isOpen(): boolean {
    return this.current.status !== 'draining' && this.current.status !== 'stopped'
  }

  private isIdle(seat: RunnerSeat): boolean {
    return seat.runner !== undefined && !this.leased.has(seat)
  }

  private async runOn(seat: RunnerSeat, inputs: string[]): Promise<RunOutcome> {
    const { version, runner: runnerOptions } = this.options
    const runner = await seat.whenLoaded(runnerOptions?.loadTimeoutMs ?? 60_000)
    const timeoutMs = version.manifest.serving.timeoutSeconds * 1_000
    const outcome = await runner.run(version.id, inputs, { timeoutMs })
    if (this.current.status === 'stopped' && outcome.kind !== 'ran')
      throw new RunnerUnavailableError('stopped')
    return outcome
  }

  private release(seat: RunnerSeat): void {
    if (!this.leased.delete(seat)) return
    this.releases.emit('release')
    if (this.isOpen && this.isIdle(seat)) this.options.onIdle?.()
  }

  private seatLoaded(): void {
    if (!this.isOpen) return
    this.setState({ status: 'ready' })
    if (this.idle > 0) this.options.onIdle?.()
  }

  private seatFailed(error: LoadError, failures: number): void {
    if (!this.isOpen || this.seats.some((seat) => seat.runner)) return
    const wasReady = this.current.status === 'ready'
    if (error.isRefusal && !wasReady) this.setState({ status: 'load_failed', reason: error.message })
    else if (failures >= crashLoopAfter) this.setState({ status: 'crash_looping', reason: error.message })
  }

  private setState(state: PoolState): void {
    if (state.status === this.current.status && state.reason === this.current.reason) return
    this.current = state
    this.options.onStateChange?.(state)
  }
}
