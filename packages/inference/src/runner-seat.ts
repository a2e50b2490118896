import { EventEmitter, once } from 'node:events'
import { deadline } from '@augur/core/deadline'
import { setTimeout as sleep } from 'node:timers/promises'
import { LoadError } from './runner/load-error.js'
import type { RunnerBerth } from './runner-host.js'
import type { RunnerPlace } from './runner-place.js'

export interface RunnerSeatOptions {
  berth: RunnerBerth
  /** The runner has no run under way. */
  onFree: () => void
  onLoaded: () => void
  /** `failures` counts the loads in a row that failed, or whose runner died before it had anything to do. */
  onLoadFailed: (error: LoadError, failures: number) => void
  /** What held the version here died. */
  onDied: () => void
}

/** No runner holds the version and none came in time. No input is to blame. */
export class RunnerUnavailableError extends Error {
  override readonly name = 'RunnerUnavailableError'
}

const longestPauseMs = 5_000
const longestFirstPauseMs = 300_000
/** A runner that dies sooner, without an answer, is not replaced at once again. */
const shortLifeMs = 1_000

/** Keeps a version loaded in one place: a dead one is replaced at once, then ever more slowly while that fails. */
export class RunnerSeat {
  private current: RunnerPlace | undefined
  /** The current one, and those that are left with a run under way. */
  private readonly places = new Set<RunnerPlace>()
  private hasLoaded = false
  private failures = 0
  private shortLives = 0
  private life: Promise<void> | undefined
  private end: Promise<void> | undefined
  private readonly closing = new AbortController()
  private readonly closed = once(this.closing.signal, 'abort')
  private readonly changes = new EventEmitter()

  constructor(private readonly options: RunnerSeatOptions) {}

  /** The place that is loaded and alive now. */
  get place(): RunnerPlace | undefined {
    return this.current?.isAlive ? this.current : undefined
  }

  /** Takes the runner for runs of this version alone. Gives the function that leaves it to all again. */
  takeTurn(): () => void {
    return this.place?.turns.take(this.options.onFree) ?? (() => undefined)
  }

  open(): void {
    this.life ??= this.keepFilled()
  }

  /** Waits for a loaded place. Rejects with `RunnerUnavailableError` after `timeoutMs`, or when the seat is closed. */
  async whenLoaded(timeoutMs: number): Promise<RunnerPlace> {
    const closing = this.closing.signal
    if (this.place && !closing.aborted) return this.place
    const { signal, clear } = deadline(timeoutMs, closing)
    try {
      while (!signal.aborted) {
        await once(this.changes, 'loaded', { signal }).catch(() => undefined)
        if (this.place && !signal.aborted) return this.place
      }
    } finally {
      clear()
    }
    throw new RunnerUnavailableError('no runner holds the version')
  }

  /** Leaves every place, one in the middle of a run at once, and takes no other. */
  close(): Promise<void> {
    this.end ??= this.leave()
    return this.end
  }

  /** The version ended its runner, in a run. */
  blame(): void {
    this.options.berth.blame()
  }

  private async leave(): Promise<void> {
    this.closing.abort()
    await Promise.all([this.life, ...[...this.places].map((place) => place.stop())])
    this.options.berth.close()
  }

  private async keepFilled(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const refusal = await this.liveOnce()
      // The same files would be refused again, unless they were once good and something around them changed.
      if (refusal && !this.hasLoaded) return
      const pauseMs = this.hasLoaded ? restartPauseMs(this.shortLives) : firstLoadPauseMs(this.failures)
      await sleep(pauseMs, undefined, { signal: this.closing.signal }).catch(() => undefined)
    }
  }

  /** From a load to the death of what was loaded. Gives the error of a load that was refused. */
  private async liveOnce(): Promise<LoadError | undefined> {
    const first = await this.fill()
    if (first instanceof LoadError) return this.noteFailure(first)
    this.hasLoaded = true
    const died = await this.serveFrom(first)
    if (died) this.noteDeath(died.place, died.servedMs)
    return undefined
  }

  /** Moves on to a fresh place before it leaves an outdated one. Ends with a place that died, or when it is closed. */
  private async serveFrom(first: RunnerPlace): Promise<{ place: RunnerPlace; servedMs: number } | undefined> {
    let place = first
    let seatedAtMs = this.sit(place)
    for (;;) {
      await Promise.race([place.exited, place.outdated, this.closed])
      if (this.closing.signal.aborted) return undefined
      if (!place.isAlive) return { place, servedMs: performance.now() - seatedAtMs }
      const next = await this.fill()
      if (next instanceof LoadError) await Promise.race([place.exited, this.pause(longestPauseMs)])
      else {
        seatedAtMs = this.sit(next)
        this.retire(place)
        place = next
      }
    }
  }

  private retire(place: RunnerPlace): void {
    place.turns.leave(this.options.onFree)
    void place.retire().then(() => this.places.delete(place))
  }

  private sit(place: RunnerPlace): number {
    this.places.add(place)
    place.turns.join(this.options.onFree)
    void place.exited.then(() => this.places.delete(place))
    this.current = place
    this.changes.emit('loaded')
    this.options.onLoaded()
    return performance.now()
  }

  private noteFailure(error: LoadError): LoadError | undefined {
    if (this.closing.signal.aborted || error.code === 'interrupted') return undefined
    this.shortLives++
    this.options.onLoadFailed(error, ++this.failures)
    return error.isRefusal ? error : undefined
  }

  private noteDeath(place: RunnerPlace, servedMs: number): void {
    this.options.onDied()
    const wasShort = servedMs < shortLifeMs && !place.hasAnswered
    this.shortLives = wasShort ? this.shortLives + 1 : 0
    if (!wasShort || place.hasRun) this.failures = 0
    else
      this.options.onLoadFailed(
        new LoadError('crashed', 'its runner dies as soon as it has loaded'),
        ++this.failures,
      )
  }

  private async fill(): Promise<RunnerPlace | LoadError> {
    const { signal } = this.closing
    try {
      const place = await this.options.berth.open(signal)
      if (!signal.aborted) return place
      await place.stop()
      return new LoadError('interrupted', 'the version is not wanted any more')
    } catch (error) {
      if (error instanceof LoadError) return error
      return new LoadError('crashed', `no runner could be started: ${String(error)}`)
    }
  }

  private pause(ms: number): Promise<unknown> {
    return sleep(ms, undefined, { signal: this.closing.signal }).catch(() => undefined)
  }
}

/** At once after the first short life, then 100 ms, doubled each time up to 5 s. */
function restartPauseMs(shortLives: number): number {
  return shortLives < 2 ? 0 : Math.min(longestPauseMs, 100 * 2 ** (shortLives - 2))
}

/** What has never loaded may never load: 100 ms after an interruption, then 1 s, four times as long each time, up to 5 minutes. */
function firstLoadPauseMs(failures: number): number {
  return failures === 0 ? 100 : Math.min(longestFirstPauseMs, 1_000 * 4 ** (failures - 1))
}
