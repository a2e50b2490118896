import { coversModel, type PresentVersion, type WorkerPresence } from '@augur/core/models/presence'
import type { Logger } from '@augur/core/telemetry/logger'
import type { HeldVersion } from './held-version.js'
import { type LifecycleAction, placeOf, planLifecycle, type Wanted } from './plan-lifecycle.js'
import type { RepositoryScan } from './repository-scanner.js'

export interface ModelLifecycleOptions {
  worker: string
  /** The repository's folder, for the log. */
  dir: string
  /** As `AUGUR_MODELS` says. */
  covers: readonly string[]
  hold(wanted: Wanted, isHandedOver: () => boolean): HeldVersion
  logger: Logger
  now(): number
  /** What `presence` says changed. */
  onChange(): void
}

/** Brings what this worker serves in line with its repository and with what operators want. */
export class ModelLifecycle {
  private scan: RepositoryScan | undefined
  private scannedAtMs = 0
  private scanFailure: string | undefined
  private unloaded: ReadonlySet<string> | undefined
  private readonly holdings = new Set<HeldVersion>()
  private readonly stops = new Set<Promise<void>>()
  private wasReady = false
  private isStopping = false
  private converging = false

  constructor(private readonly options: ModelLifecycleOptions) {}

  scanned(scan: RepositoryScan): void {
    this.logProblems(scan)
    if (scan.versions.length === 0 && this.scan?.versions.length !== 0)
      this.options.logger.warn({ dir: this.options.dir }, 'no version to serve in the model repository')
    this.scan = scan
    this.scannedAtMs = this.options.now()
    this.scanFailure = undefined
    this.converge()
    this.keepPublished()
  }

  /** The repository could not be looked at. That takes nothing away. */
  scanFailed(error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error)
    if (failure !== this.scanFailure)
      this.options.logger.error({ err: error, dir: this.options.dir }, 'model repository cannot be read')
    this.scanFailure = failure
    this.keepPublished()
  }

  desired(unloaded: ReadonlySet<string>): void {
    this.unloaded = unloaded
    this.converge()
  }

  /** Tries what failed of a model again, with the next scan. */
  retry(model: string): void {
    for (const holding of this.holdings) if (holding.model === model) holding.retry()
  }

  cancel(prediction: string): void {
    for (const holding of this.holdings) holding.cancel(prediction)
  }

  /** Whether anybody waits for something that this worker has not begun. */
  hasWaiting(): boolean {
    return [...this.holdings].some(({ hasWaiting }) => hasWaiting)
  }

  /** The versions that this worker has, and those that it is about to leave. */
  held(): { model: string; version: string }[] {
    return [...this.holdings].map(({ model, id }) => ({ model, version: id }))
  }

  /** Tells versions whether there may be predictions of others to repeat. */
  shadowed(versions: ReadonlySet<string>): void {
    for (const holding of this.holdings) holding.shadowed(versions.has(holding.id))
  }

  /** The state of a holding changed, or `holding` has gone. */
  changed(gone?: HeldVersion): void {
    if (gone) this.holdings.delete(gone)
    this.converge()
  }

  presence(): WorkerPresence {
    const { worker, covers } = this.options
    const held = [...this.holdings].map(({ present }) => present)
    return {
      worker,
      ...(this.scan && this.unloaded && { covers }),
      versions: [...held, ...this.unloadedVersions(new Set(held.map(({ id }) => id)))],
      problems: this.problems(),
    }
  }

  /** Why nothing is served, or what is still being loaded for the first time; null when it is ready. */
  notReady(): string | null {
    const { versions, problems } = this.presence()
    const isReady = versions.some(({ state }) => state === 'ready')
    // Once it was ready, a version that is added is no reason to send anybody away.
    if (isReady && (this.wasReady || !versions.some(({ state }) => state === 'loading'))) {
      this.wasReady = true
      return null
    }
    if (this.scanFailure !== undefined) return 'the model repository cannot be read'
    if (!this.scan) return 'the model repository was not looked at yet'
    if (!this.unloaded) return 'Redis was not asked yet which models are unloaded'
    const waiting = versions.filter(({ state }) => state !== 'ready').map(describe)
    const broken = problems.map(({ model, label, code }) => `${model}:${label} has ${code}`)
    return [...waiting, ...broken].join(', ') || 'there is no model to serve'
  }

  async stop(graceMs: number): Promise<void> {
    this.isStopping = true
    await Promise.all([...this.holdings].map((holding) => holding.stop(graceMs)))
    await Promise.all(this.stops)
  }

  private keepPublished(): void {
    for (const holding of this.holdings) void holding.keepPublished()
  }

  private converge(): void {
    // What an action changes is heard while it is done; the plan is then looked at once more.
    if (!this.converging) this.carryOut()
    this.options.onChange()
  }

  private carryOut(): void {
    this.converging = true
    try {
      for (let actions = this.plan(); actions.length > 0; actions = this.plan()) {
        for (const action of actions) this.act(action)
      }
    } finally {
      this.converging = false
    }
  }

  private plan(): LifecycleAction<HeldVersion>[] {
    const { scan, unloaded } = this
    if (!scan || !unloaded || this.isStopping) return []
    const { unsettled } = scan
    const broken = this.broken(scan)
    return planLifecycle({
      wanted: this.wanted(scan),
      holdings: [...this.holdings],
      unloaded,
      unsettled,
      broken,
    })
  }

  private act(action: LifecycleAction<HeldVersion>): void {
    switch (action.kind) {
      case 'load':
        return this.load(action.wanted)
      case 'drain':
        return action.holding.drain()
      case 'revive':
        return action.holding.revive()
      case 'drop':
        return this.drop(action.holding)
    }
  }

  private drop(holding: HeldVersion): void {
    this.holdings.delete(holding)
    const stop = holding
      .stop(0)
      .catch((error: unknown) => this.options.logger.error({ err: error }, 'version could not be stopped'))
      .finally(() => this.stops.delete(stop))
    this.stops.add(stop)
  }

  private load(wanted: Wanted): void {
    const { id, model } = wanted.found
    const isOther = (each: HeldVersion) => each !== holding && each.id === id && each.model === model
    const holding = this.options.hold(wanted, () =>
      [...this.holdings].some((each) => isOther(each) && each.state === 'ready' && !each.isLeaving),
    )
    this.holdings.add(holding)
    void holding.load()
  }

  private wanted({ versions, fingerprints }: RepositoryScan): Wanted[] {
    return versions
      .filter(({ model }) => coversModel(this.options.covers, model))
      .map((found) => ({
        found,
        revision: JSON.stringify([found.model, found.label, found.manifest]),
        fingerprint: fingerprints.get(placeOf(found)) ?? '',
        foundAtMs: this.scannedAtMs,
      }))
  }

  private problems() {
    return (this.scan?.problems ?? []).filter(({ model }) => coversModel(this.options.covers, model))
  }

  /** A folder of a model that cannot be read hides its versions; it does not take them away. */
  private broken({ versions }: RepositoryScan): Set<string> {
    const models = new Set(versions.map(({ model }) => model))
    return new Set(
      this.problems()
        .filter(({ model, label }) => label !== '' || !models.has(model))
        .map(placeOf),
    )
  }

  private unloadedVersions(held: ReadonlySet<string>): PresentVersion[] {
    if (!this.scan) return []
    return this.wanted(this.scan)
      .map(({ found }) => found)
      .filter(({ id, model }) => this.unloaded?.has(model) && !held.has(id))
      .map(({ id, model, label }) => ({
        id,
        model,
        label,
        state: 'stopped',
        code: 'unloaded',
        reason: 'it was unloaded by request',
      }))
  }

  /** Each once, not with every look. */
  private logProblems(scan: RepositoryScan): void {
    const known = new Set(this.scan?.problems.map((problem) => JSON.stringify(problem)))
    const isNew = (problem: object) => !known.has(JSON.stringify(problem))
    for (const problem of scan.problems.filter(isNew)) this.options.logger.error(problem, 'version left out')
  }
}

const describe = ({ model, label, state, code }: PresentVersion) =>
  `${model}:${label} is ${state}${code ? ` (${code})` : ''}`
