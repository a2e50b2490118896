import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadProgress, PresentVersion, VersionState } from '@augur/core/models/presence'
import type { FoundVersion, LocalVersion } from '@augur/core/models/version'
import type { Logger } from '@augur/core/telemetry/logger'
import type { PoolState } from '@augur/inference/runner-pool'
import type { VersionService } from '../predictions/version-service.js'
import { drainQueue } from './drain-queue.js'
import type { Holding, Wanted } from './plan-lifecycle.js'

/** Why a version was not loaded: `code` for programs, `reason` for people. */
export interface LoadFailure {
  code: string
  reason: string
}

export interface StageControl {
  onProgress(progress: LoadProgress): void
  signal: AbortSignal
}

export type Staged = { ok: true; version: LocalVersion } | { ok: false; failure: LoadFailure }

export interface HeldVersionOptions {
  wanted: Wanted
  /** Gets the version's files onto this machine, checked. */
  stage(found: FoundVersion, control: StageControl): Promise<Staged>
  createService(version: LocalVersion, onStateChange: (state: PoolState) => void): VersionService
  /** Tells everybody that the version can be asked for. */
  publish(): Promise<void>
  /** Does so again where that was lost, as when Redis was emptied. */
  publishIfMissing(): Promise<void>
  /** Tells everybody that this worker will not have it much longer. */
  markRemoved(): Promise<void>
  countOpen(): Promise<number>
  isHandedOver(): boolean
  lingerMs: number
  drainMs: number
  logger: Logger
  onLoaded(seconds: number): void
  onLoadFailed(failure: LoadFailure): void
  /** Its state is another now. */
  onChange(): void
  /** Nothing of it is left. */
  onGone(): void
}

/** Failures that have causes outside the folder, so that the same files may load a little later. */
const transient = ['fetch_failed', 'stage_failed']
const retryAfterMs = 30_000

/** A version in this worker, from the moment it is found to the moment its queue is left: staged, loaded, served, drained. */
export class HeldVersion implements Holding {
  readonly id: string
  readonly model: string
  readonly label: string
  readonly revision: string
  readonly fingerprint: string
  hasServed = false
  private service: VersionService | undefined
  private failure: LoadFailure | undefined
  private failedAtMs = 0
  private isRetryWanted = false
  private progress: LoadProgress | undefined
  private leaving: AbortController | undefined
  private isFinishing = false
  private isRepublishing = false
  private readonly startedAtMs = performance.now()
  private readonly stopping = new AbortController()

  constructor(private readonly options: HeldVersionOptions) {
    const { found, revision, fingerprint } = options.wanted
    this.id = found.id
    this.model = found.model
    this.label = found.label
    this.revision = revision
    this.fingerprint = fingerprint
  }

  get state(): VersionState {
    if (this.failure) return 'load_failed'
    if (this.isFinishing) return 'draining'
    const status = this.service?.state.status ?? 'loading'
    // Before it is published nobody can ask for it, and what it replaces must not go.
    return status === 'ready' && !this.hasServed ? 'loading' : status
  }

  get isLeaving(): boolean {
    return this.leaving !== undefined
  }

  get isRetryDue(): boolean {
    // Also what was staged and then refused by its runner, which leaves no failure here.
    if (this.isRetryWanted) return this.state === 'load_failed'
    if (!this.failure) return false
    const isLongAgo = performance.now() - this.failedAtMs >= retryAfterMs
    return transient.includes(this.failure.code) && isLongAgo
  }

  get present(): PresentVersion {
    const state = this.isLeaving ? 'draining' : this.state
    const failure = this.failure ?? failureOf(this.service?.state)
    const { id, model, label, progress } = this
    const served = this.service?.served
    return {
      id,
      model,
      label,
      state,
      ...failure,
      ...(state === 'loading' && progress && { progress }),
      ...(served && { served }),
    }
  }

  /** The version's way to ready. Never rejects. */
  async load(): Promise<void> {
    try {
      const staged = await this.stage()
      if (this.stopping.signal.aborted) return
      if (staged.ok) this.serve(staged.version)
      else this.fail(staged.failure)
    } catch (error) {
      if (this.stopping.signal.aborted) return
      this.options.logger.error({ err: error }, 'version could not be staged')
      this.fail({ code: 'stage_failed', reason: 'something went wrong that the log of the worker tells' })
    }
  }

  private serve(version: LocalVersion): void {
    this.progress = undefined
    this.service = this.options.createService(version, (state) => void this.serviceChanged(state))
    this.service.start()
    this.options.onChange()
  }

  /** An operator asked for it: a load that failed is tried again. */
  retry(): void {
    this.isRetryWanted = true
  }

  /** It goes once its queue is empty, or the drain time is over. */
  drain(): void {
    this.leaving = new AbortController()
    if (this.stopping.signal.aborted) this.leaving.abort()
    void this.leave(this.leaving.signal)
  }

  /** It stays after all. */
  revive(): void {
    this.leaving?.abort()
    this.leaving = undefined
    void this.publish()
  }

  /** To be repeated: others forget what is published when Redis loses its data. */
  async keepPublished(): Promise<void> {
    const isDue = this.hasServed && !this.isLeaving && !this.stopping.signal.aborted
    // While Redis is away, the one that waits is enough.
    if (!isDue || this.isRepublishing) return
    this.isRepublishing = true
    try {
      await this.options.publishIfMissing()
    } catch (error) {
      this.options.logger.warn({ err: error }, 'version could not be published again')
    } finally {
      this.isRepublishing = false
    }
  }

  /** Whether anybody waits for something that this version has not begun. */
  get hasWaiting(): boolean {
    return this.service?.hasWaiting ?? false
  }

  /** Whether there may be predictions of another version to repeat. */
  shadowed(isWanted: boolean): void {
    this.service?.shadowed(isWanted)
  }

  cancel(prediction: string): void {
    this.service?.cancel(prediction)
  }

  /** Lets what runs finish within the grace period, and hands the rest back. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort()
    this.leaving?.abort()
    await this.service?.stop(graceMs)
    this.options.onGone()
  }

  private stage(): Promise<Staged> {
    return this.options.stage(this.options.wanted.found, {
      signal: this.stopping.signal,
      onProgress: (progress) => {
        this.progress = progress
      },
    })
  }

  private fail(failure: LoadFailure): void {
    this.failure = failure
    this.failedAtMs = performance.now()
    this.options.onLoadFailed(failure)
    this.options.onChange()
  }

  private async serviceChanged(state: PoolState): Promise<void> {
    const failure = failureOf(state)
    if (failure) this.options.onLoadFailed(failure)
    if (state.status === 'ready' && !this.hasServed) {
      this.options.onLoaded((performance.now() - this.startedAtMs) / 1000)
      await this.publish()
    }
    this.options.onChange()
  }

  /** Tries until it succeeds: unpublished, a version is of no use. */
  private async publish(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      try {
        await this.options.publish()
        this.hasServed = true
        return
      } catch (error) {
        this.options.logger.warn({ err: error }, 'version could not be published')
        await sleep(1000, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  private async leave(signal: AbortSignal): Promise<void> {
    const { options } = this
    if (!options.isHandedOver()) {
      options
        .markRemoved()
        .catch((error: unknown) => options.logger.warn({ err: error }, 'not marked as removed'))
    }
    const outcome = await drainQueue({ ...options, signal })
    if (outcome === 'aborted' || signal.aborted) return
    this.isFinishing = true
    if (outcome === 'expired')
      options.logger.warn('version leaves predictions behind: the drain time is over')
    try {
      await this.service?.drain()
    } catch (error) {
      options.logger.error({ err: error }, 'version could not be stopped')
    }
    options.onGone()
  }
}

function failureOf(state: PoolState | undefined): LoadFailure | undefined {
  if (state?.status !== 'load_failed' && state?.status !== 'crash_looping') return undefined
  return { code: state.code ?? state.status, reason: state.reason ?? '' }
}
