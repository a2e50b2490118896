import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalVersion } from '@augur/core/models/version'
import { LoadError } from './runner/load-error.js'
import type { Runner } from './runner/runner.js'

export interface RunnerSeatOptions {
  version: LocalVersion
  start: () => Runner
  onLoaded: () => void
  /** `failures` counts the loads in a row that failed. */
  onLoadFailed: (error: LoadError, failures: number) => void
}

/** No runner holds the version and none came in time. No input is to blame. */
export class RunnerUnavailableError extends Error {
  override readonly name = 'RunnerUnavailableError'
}

const longestPauseMs = 5_000
/** A runner that dies sooner, without an answer, is not replaced at once again. */
const shortLifeMs = 1_000

/** Keeps one loaded runner of a version: a dead one is replaced at once, then ever more slowly while that fails. */
export class RunnerSeat {
  private current: Runner | undefined
  private loaded: Runner | undefined
  private hasLoaded = false
  private failedLoads = 0
  private shortLives = 0
  private life: Promise<void> | undefined
  private readonly closing = new AbortController()
  private readonly changes = new EventEmitter()

  constructor(private readonly options: RunnerSeatOptions) {}

  /** The runner that is loaded and alive now. */
  get runner(): Runner | undefined {
    return this.loaded?.isAlive ? this.loaded : undefined
  }

  open(): void {
    this.life ??= this.keepFilled()
  }

  /** Waits for a loaded runner. Rejects with `RunnerUnavailableError` after `timeoutMs`, or when the seat is closed. */
  async whenLoaded(timeoutMs: number): Promise<Runner> {
    const closing = this.closing.signal
    if (this.runner && !closing.aborted) return this.runner
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing])
    while (!signal.aborted) {
      await once(this.changes, 'loaded', { signal }).catch(() => undefined)
      if (this.runner && !signal.aborted) return this.runner
    }
    throw new RunnerUnavailableError('no runner holds the version')
  }

  /** Ends the runner, one in the middle of a run after a short grace, and replaces it no more. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.current?.stop()
    await this.life
  }

  private async keepFilled(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const refusal = await this.liveOnce()
      // The same files would be refused again, unless they were once good and something around them changed.
      if (refusal && !this.hasLoaded) return
      await sleep(pauseMs(this.shortLives), undefined, { signal: this.closing.signal }).catch(() => undefined)
    }
  }

  /** From the start of a runner to its end. Gives the error of a load that was refused. */
  private async liveOnce(): Promise<LoadError | undefined> {
    const error = await this.fill()
    if (error) {
      await this.current?.stop()
      this.shortLives++
      if (!this.closing.signal.aborted) this.options.onLoadFailed(error, ++this.failedLoads)
      return error.isRefusal ? error : undefined
    }
    const loadedAtMs = performance.now()
    this.failedLoads = 0
    this.hasLoaded = true
    this.loaded = this.current
    this.changes.emit('loaded')
    this.options.onLoaded()
    await this.current?.exited
    const wasShort = performance.now() - loadedAtMs < shortLifeMs && !this.current?.hasAnswered
    this.shortLives = wasShort ? this.shortLives + 1 : 0
    return undefined
  }

  private async fill(): Promise<LoadError | undefined> {
    try {
      this.current = this.options.start()
      await this.current.load(this.options.version)
      return undefined
    } catch (error) {
      return error instanceof LoadError
        ? error
        : new LoadError('crashed', `no runner could be started: ${String(error)}`)
    }
  }
}

/** At once after the first short life, then 100 ms, doubled each time up to 5 s. */
function pauseMs(shortLives: number): number {
  return shortLives < 2 ? 0 : Math.min(longestPauseMs, 100 * 2 ** (shortLives - 2))
}
