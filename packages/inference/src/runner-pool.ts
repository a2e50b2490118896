import { EventEmitter, once } from 'node:events'
import type { LocalVersion } from '@augur/core/models/version'
import type { LoadError, LoadErrorCode } from './runner/load-error.js'
import type { RunInput, Served } from './runner/protocol.js'
import type { RunOutcome } from './runner/runner.js'
import type { RunnerBerth, RunnerHost } from './runner-host.js'
import type { RunnerPlace } from './runner-place.js'
import { RunnerSeat, RunnerUnavailableError } from './runner-seat.js'

export type PoolStatus = 'loading' | 'ready' | 'load_failed' | 'crash_looping' | 'draining' | 'stopped'

export interface PoolState {
  status: PoolStatus
  /** For operators: why a version does not load. */
  reason?: string
  code?: LoadErrorCode
}

export interface RunnerPoolOptions {
  version: LocalVersion
  /** Where the runners come from: one for all versions of a worker. */
  host: Pick<RunnerHost, 'reserve' | 'loadTimeoutMs'>
  onStateChange?: (state: PoolState) => void
  /** A runner that held the version died; another takes its place. */
  onRunnerDied?: () => void
  /** A runner became free: time to `acquire`. */
  onIdle?: () => void
}

/** What a caller needs beside a runner to run, such as a share of the machine. */
export interface RunPermit {
  /** It is of no use for now: no runner is loaded. */
  release(): void
  /** Waits until it is there again. */
  resume(): Promise<void>
}

/** One runner's place, for one caller, until `release`. */
export interface RunnerLease {
  /**
   * Runs inputs as one micro-batch, after waiting for a replacement when the runner died before. Rejects
   * with `RunnerUnavailableError` when there is none or the pool was stopped: then no input is to blame.
   */
  run(inputs: RunInput[]): Promise<RunOutcome>
  /** Sends ahead what the next lease of this runner is expected to `run`, while this one has it busy. */
  stage(inputs: RunInput[]): void
  /** What computed the last run; undefined before the first. */
  readonly served: Served | undefined
  /** Whether the runner holds other versions too, which may be given turns before this one has its next. */
  readonly isShared: boolean
  /** Ends the run under way, by ending its runner. */
  kill(): void
  release(): void
}

interface Lease {
  seat: RunnerSeat
  /** Where it runs now. */
  place?: RunnerPlace | undefined
  permit: RunPermit | undefined
  endTurn: () => void
  wasKilled: boolean
}

/** Failed loads in a row, without any runner left, that make a version that once served `crash_looping`. */
const crashLoopAfter = 3
/** Deaths of a shared runner, none of them over this run, after which the run goes back to the queue. */
const maxInterruptions = 5

/**
 * The runners of one version, each replaced when it dies: as many as its manifest's `serving.instances`, or fewer when
 * the worker has no more to give.
 */
export class RunnerPool {
  private current: PoolState = { status: 'loading' }
  private hasServed = false
  private seats: RunnerSeat[] = []
  private readonly leases = new Set<Lease>()
  private readonly releases = new EventEmitter()

  constructor(private readonly options: RunnerPoolOptions) {}

  get state(): PoolState {
    return this.current
  }

  /** What computes the version's answers, while a runner holds it. */
  get served(): Served | undefined {
    return this.seats.find(({ place }) => place)?.place?.served
  }

  /** Runners that `acquire` can give now. */
  get idle(): number {
    return this.isOpen ? this.seats.filter((seat) => this.isIdle(seat)).length : 0
  }

  /** Takes what runners the host can give, once. */
  start(): void {
    if (this.seats.length > 0 || !this.isOpen) return
    const { host, version } = this.options
    this.seats = host.reserve(version).map((berth) => this.createSeat(berth))
    for (const seat of this.seats) seat.open()
  }

  /**
   * A free runner, or null while all are busy, dead or draining. The caller's permit is released while a run waits for
   * the replacement of a runner that died.
   */
  acquire(permit?: RunPermit): RunnerLease | null {
    const seat = this.isOpen ? this.seats.find((each) => this.isIdle(each)) : undefined
    if (!seat) return null
    const lease: Lease = { seat, permit, endTurn: seat.takeTurn(), wasKilled: false }
    this.leases.add(lease)
    return {
      run: (inputs) => this.runOn(lease, inputs),
      stage: (inputs) => lease.place?.stage(inputs),
      get served() {
        return lease.place?.served
      },
      get isShared() {
        return seat.place?.turns.isShared ?? false
      },
      kill: () => {
        lease.wasKilled = true
        lease.place?.kill()
      },
      release: () => this.release(lease),
    }
  }

  /** Gives no more leases, waits for those that are out, and stops. */
  async drain(): Promise<void> {
    if (this.isOpen) this.setState({ status: 'draining' })
    while (this.leases.size > 0 && this.current.status === 'draining') await once(this.releases, 'release')
    await this.stop()
  }

  /** Stops every runner, also those that are out. */
  async stop(): Promise<void> {
    this.setState({ status: 'stopped' })
    this.releases.emit('release')
    await Promise.all(this.seats.map((seat) => seat.close()))
  }

  private createSeat(berth: RunnerBerth): RunnerSeat {
    return new RunnerSeat({
      berth,
      onFree: () => this.seatFree(),
      onLoaded: () => this.seatLoaded(),
      onLoadFailed: (error, failures) => this.seatFailed(error, failures),
      onDied: () => this.options.onRunnerDied?.(),
    })
  }

  private get isOpen(): boolean {
    return this.current.status !== 'draining' && this.current.status !== 'stopped'
  }

  private isIdle(seat: RunnerSeat): boolean {
    return seat.place?.turns.isFree === true && ![...this.leases].some((lease) => lease.seat === seat)
  }

  private async runOn(lease: Lease, inputs: RunInput[]): Promise<RunOutcome> {
    for (let interruptions = 0; interruptions < maxInterruptions; interruptions++) {
      lease.place = await this.placeFor(lease)
      const outcome = await lease.place.run(inputs)
      if (this.current.status === 'stopped' && outcome.kind !== 'ran') break
      if (outcome.kind === 'not_started') continue
      if (outcome.kind !== 'ran' && !lease.wasKilled) lease.seat.blame()
      return outcome
    }
    throw new RunnerUnavailableError('the runner ended, and not over this run')
  }

  /** The place to run in now. Whoever else wants the permit may have it until there is one. */
  private async placeFor({ seat, permit }: Lease): Promise<RunnerPlace> {
    const { loadTimeoutMs } = this.options.host
    while (!seat.place) {
      permit?.release()
      await seat.whenLoaded(loadTimeoutMs)
      await permit?.resume()
    }
    return seat.whenLoaded(loadTimeoutMs)
  }

  private release(lease: Lease): void {
    if (!this.leases.delete(lease)) return
    this.releases.emit('release')
    lease.endTurn()
  }

  private seatFree(): void {
    if (this.idle > 0) this.options.onIdle?.()
  }

  private seatLoaded(): void {
    if (!this.isOpen) return
    this.hasServed = true
    this.setState({ status: 'ready' })
    this.seatFree()
  }

  private seatFailed({ code, message: reason }: LoadError, failures: number): void {
    if (!this.isOpen || this.seats.some((seat) => seat.place)) return
    if (!this.hasServed) this.setState({ status: 'load_failed', code, reason })
    else if (failures >= crashLoopAfter) this.setState({ status: 'crash_looping', code, reason })
  }

  private setState(state: PoolState): void {
    if (state.status === this.current.status && state.reason === this.current.reason) return
    this.current = state
    this.options.onStateChange?.(state)
  }
}
