import type { LocalVersion } from '@augur/core/models/version'
import { defaultMaxRunners, defaultRunnerMemoryBytes } from './runner-limits.js'
import { type Runner, type RunnerOptions, startRunner } from './runner/runner.js'
import { RunnerPlace } from './runner-place.js'
import { SharedRunner } from './shared-runner.js'
import { loadUntil, TrialRunner } from './trial-runner.js'

export interface RunnerHostOptions {
  /** Most runners that serve one version alone. By default it is chosen from cores and memory. */
  maxRunners?: number
  /** Most versions that share a runner. */
  maxSharing?: number
  /** For all runners. The memory limit is half of the machine's memory by default, and so is that of a shared runner. */
  runner?: RunnerOptions
}

/** Where a version is loaded, now and whenever its runner ended: in a runner of its own or in a shared one. */
export interface RunnerBerth {
  /**
   * Loads the version, for the first time in a runner that serves no other. Rejects with `LoadError`, soon when
   * `signal` is aborted.
   */
  open(signal: AbortSignal): Promise<RunnerPlace>
  /** The version ended its runner. From now on it shares none with versions that did not. */
  blame(): void
  close(): void
}

/** All runners of a worker: one for each instance of a version while there are at most so many, shared ones beyond. */
export class RunnerHost {
  private ownRunners = 0
  private readonly maxRunners: number
  private readonly runner: RunnerOptions
  private readonly sharedRunners = new Set<SharedRunner>()
  /** For versions that ended a shared runner once. */
  private readonly suspectRunners = new Set<SharedRunner>()
  /** In the order in which they came. */
  private readonly sharing = new Set<SharedBerth>()
  private readonly trial: TrialRunner

  constructor(private readonly options: RunnerHostOptions = {}) {
    this.maxRunners = options.maxRunners ?? defaultMaxRunners()
    const memoryLimitBytes = options.runner?.memoryLimitBytes ?? defaultRunnerMemoryBytes()
    const memoryCeilingBytes = Math.max(memoryLimitBytes, defaultRunnerMemoryBytes())
    this.runner = { ...options.runner, memoryLimitBytes, memoryCeilingBytes }
    this.trial = new TrialRunner(() => startRunner(this.runner))
  }

  /** One berth of its own for each instance as far as the limit allows, or else one in a shared runner. */
  reserve(version: LocalVersion): RunnerBerth[] {
    const { instances } = version.manifest.serving
    const own = Math.min(instances, this.maxRunners - this.ownRunners)
    if (own < instances) this.noteShortage(version, Math.max(0, own))
    if (own <= 0) return [this.share(version)]
    this.ownRunners += own
    return Array.from({ length: own }, () => this.ownBerth(version))
  }

  /** One with a runner at low priority, beside all others: for work that nobody waits for. */
  background(version: LocalVersion): RunnerBerth {
    return {
      open: (signal) => openOwn(this.startFor(version, { lowPriority: true }), version, signal),
      blame: () => undefined,
      close: () => undefined,
    }
  }

  private noteShortage({ model, label, manifest }: LocalVersion, own: number): void {
    const { instances } = manifest.serving
    const what = own === 0 ? 'version shares a runner' : 'version has fewer runners than it wants'
    this.runner.logger?.info({ model, label, instances, own, maxRunners: this.maxRunners }, what)
  }

  /** How long a load may take. */
  get loadTimeoutMs(): number {
    return this.runner.loadTimeoutMs ?? 60_000
  }

  private ownBerth(version: LocalVersion): RunnerBerth {
    return {
      open: (signal) => openOwn(this.startFor(version), version, signal),
      blame: () => undefined,
      close: () => this.freeOwn(),
    }
  }

  private share(version: LocalVersion): RunnerBerth {
    const berth: SharedBerth = new SharedBerth({
      version,
      trial: this.trial,
      shared: this.joinEmptiest(this.sharedRunners, version),
      startOwn: () => this.startFor(version),
      onBlame: () => this.isolate(berth),
      onClose: () => this.leave(berth),
    })
    this.sharing.add(berth)
    return berth
  }

  /** Gives the version to the runner with the fewest versions. None holds a version twice. */
  private joinEmptiest(runners: Set<SharedRunner>, { id }: LocalVersion): SharedRunner {
    const { maxSharing = 16 } = this.options
    const [first] = [...runners]
      .filter(({ versions }) => versions.size < maxSharing && !versions.has(id))
      .toSorted((a, b) => a.versions.size - b.versions.size)
    const shared = first ?? new SharedRunner(() => startRunner(this.runner))
    runners.add(shared)
    shared.versions.add(id)
    return shared
  }

  private isolate(berth: SharedBerth): void {
    if (this.suspectRunners.has(berth.shared)) return
    this.vacate(berth)
    berth.shared = this.joinEmptiest(this.suspectRunners, berth.version)
  }

  private leave(berth: SharedBerth): void {
    this.trial.forget(berth.version.id)
    if (this.sharing.delete(berth)) this.vacate(berth)
    else this.freeOwn()
  }

  private vacate({ shared, version }: SharedBerth): void {
    shared.versions.delete(version.id)
    if (shared.versions.size > 0) return
    this.sharedRunners.delete(shared)
    this.suspectRunners.delete(shared)
  }

  /** The version that has shared for longest gets the runner that became free. */
  private freeOwn(): void {
    const [first] = this.sharing
    if (!first) {
      this.ownRunners--
      return
    }
    this.sharing.delete(first)
    this.vacate(first)
    first.promote()
  }

  private startFor({ model, label, manifest }: LocalVersion, more: RunnerOptions = {}): Runner {
    const { memoryMb } = manifest.serving
    const { logger } = this.runner
    return startRunner({
      ...this.runner,
      ...more,
      ...(memoryMb !== undefined && ownMemory(memoryMb)),
      ...(logger && { logger: logger.child({ model, label }) }),
    })
  }
}

interface SharedBerthOptions {
  version: LocalVersion
  trial: TrialRunner
  shared: SharedRunner
  startOwn: () => Runner
  onBlame: () => void
  onClose: () => void
}

/** In a shared runner, until it is promoted to one of its own. */
class SharedBerth implements RunnerBerth {
  shared: SharedRunner
  private readonly promotion = new AbortController()

  constructor(private readonly options: SharedBerthOptions) {
    this.shared = options.shared
  }

  get version(): LocalVersion {
    return this.options.version
  }

  async open(signal: AbortSignal): Promise<RunnerPlace> {
    const { version, trial, startOwn } = this.options
    if (this.promotion.signal.aborted) return openOwn(startOwn(), version, signal)
    await trial.check(version, signal)
    return RunnerPlace.open(this.shared.current(), version, this.promotion.signal)
  }

  /** From now on a runner of its own is kept for the version. */
  promote(): void {
    this.promotion.abort()
  }

  blame(): void {
    if (!this.promotion.signal.aborted) this.options.onBlame()
  }

  close(): void {
    this.options.onClose()
  }
}

/** What a manifest asks for may be more than other runners may have. */
function ownMemory(memoryMb: number): Pick<RunnerOptions, 'memoryLimitBytes' | 'memoryCeilingBytes'> {
  const bytes = memoryMb * 1024 ** 2
  return { memoryLimitBytes: bytes, memoryCeilingBytes: bytes }
}

/** A runner that serves one version is also the one of its first load: what dies with it is nobody else's. */
async function openOwn(runner: Runner, version: LocalVersion, signal: AbortSignal): Promise<RunnerPlace> {
  try {
    return await loadUntil(signal, runner, () => RunnerPlace.open(runner, version))
  } catch (error) {
    await runner.stop()
    throw error
  }
}
