import { ServiceError } from '../errors.js'
import type { VerificationState } from '../verification/verification-state.js'
import { type Rollout, runningTrial, type Trial } from '../rollouts/rollout.js'
import type { LoadProgress, PresentVersion, VersionState, WorkerPresence } from './presence.js'
import type { RepositoryProblem } from './repository-problem.js'
import type { ModelVersion, VersionId } from './version.js'

// What a version is when workers differ about it: the first of these that any of them reports.
const mostTelling: readonly VersionState[] = [
  'ready',
  'loading',
  'draining',
  'crash_looping',
  'load_failed',
  'stopped',
]

/** A version as workers published it; it outlives them. */
export interface CatalogueVersion extends ModelVersion {
  /** Milliseconds since 1970, when a worker first found it. */
  publishedAt: number
  /** Milliseconds since 1970, when it was taken out of its repository; publishing it again takes this back. */
  removedAt?: number
}

/** Why something of a model is not served, as one or more workers report it. */
export interface ModelProblem {
  label: string
  /** Null where the manifest is at fault: without one there is no id. */
  id: VersionId | null
  state: 'load_failed' | 'crash_looping'
  code: string
  reason: string
  file?: string
  field?: string
}

// Made once: the catalogue is read every second, and a collator costs a hundred times as much as a comparison.
const byNumber = new Intl.Collator(undefined, { numeric: true })

const versionIdPattern = /^[0-9a-f]{64}$/

/** What can be asked for, and who serves it, as of one moment. Pure: no I/O. */
export class Catalogue {
  /** Everything that was published, newest first, removed versions included until they are forgotten. */
  readonly all: readonly CatalogueVersion[]
  /** All that was not removed, or that a worker still has. Newest first. */
  readonly versions: readonly CatalogueVersion[]
  private readonly byId: Map<VersionId, CatalogueVersion>
  private readonly byModel: Map<string, CatalogueVersion[]>
  private readonly states = new Map<VersionId, PresentVersion[]>()
  private readonly resolved = new Map<string, CatalogueVersion>()

  constructor(
    versions: readonly CatalogueVersion[],
    readonly workers: readonly WorkerPresence[],
    private readonly rollouts: ReadonlyMap<string, Rollout> = new Map(),
    private readonly verifications: ReadonlyMap<VersionId, VerificationState> = new Map(),
    private readonly draining: ReadonlySet<VersionId> = new Set(),
  ) {
    this.all = versions.toSorted(
      (a, b) => b.publishedAt - a.publishedAt || byNumber.compare(b.label, a.label),
    )
    this.byId = new Map(this.all.map((version) => [version.id, version]))
    for (const version of workers.flatMap((worker) => worker.versions)) {
      this.states.set(version.id, [...(this.states.get(version.id) ?? []), version])
    }
    this.versions = this.all.filter(({ id, removedAt }) => removedAt === undefined || this.states.has(id))
    this.byModel = new Map(this.versions.map(({ model }) => [model, []]))
    for (const version of this.versions) this.byModel.get(version.model)?.push(version)
  }

  /** Those with versions, and those that workers only failed to load so far. */
  models(): string[] {
    const reported = this.workers.flatMap(({ versions, problems }) => [...versions, ...problems])
    return [...new Set([...this.versions, ...reported].map(({ model }) => model))].toSorted()
  }

  /** Newest first. */
  versionsOf(model: string): readonly CatalogueVersion[] {
    return this.byModel.get(model) ?? []
  }

  /**
   * Where by-model traffic goes: what a rollout says, or else the newest version that is not an optimisation of
   * another. A label that was given to new files counts as what it resolves to.
   */
  stable(model: string): CatalogueVersion | undefined {
    const offers = this.offersOf(model)
    const chosen = this.rollouts.get(model)?.stable
    return (
      offers.find(({ id }) => id === chosen) ??
      offers.find(
        (version) =>
          version.manifest.baseline === undefined && this.labelled(model, version.label) === version,
      )
    )
  }

  /** Whether an operator has it take no new predictions. */
  isDraining(id: VersionId): boolean {
    return this.draining.has(id)
  }

  /** How a model's traffic is divided; undefined where nobody said. */
  rollout(model: string): Rollout | undefined {
    return this.rollouts.get(model)
  }

  /** The rollouts of all models, by name of the model. */
  rolledOut(): Rollout[] {
    return [...this.rollouts.values()].toSorted((a, b) => a.model.localeCompare(b.model))
  }

  /** What its verification says; undefined for a version that needs none and has none. */
  verificationOf(id: VersionId): VerificationState | undefined {
    return this.verifications.get(id)
  }

  /** The candidate that takes a part of a model's traffic, and how; undefined while none does, or nothing serves it. */
  trial(model: string): { trial: Trial; candidate: CatalogueVersion } | undefined {
    const trial = runningTrial(this.rollouts.get(model))
    const candidate = trial && this.offersOf(model).find(({ id }) => id === trial.candidate)
    return candidate && this.isServed(candidate.id) ? { trial, candidate } : undefined
  }

  version(id: VersionId): CatalogueVersion | undefined {
    return this.byId.get(id)
  }

  /** A version of this model by its id or its label; by label also one that is on its way out, where no other has it. */
  versionOf(model: string, idOrLabel: string): CatalogueVersion | undefined {
    const versions = this.versionsOf(model)
    return (
      versions.find(({ id }) => id === idOrLabel) ??
      this.labelled(model, idOrLabel) ??
      versions.find(({ label }) => label === idOrLabel)
    )
  }

  /**
   * Resolves what clients write as a version of a new prediction: an id, `owner/name`, `owner/name:id`,
   * `owner/name:label`, or a label that only one model has.
   * @throws ServiceError `unknown_version`
   */
  resolve(reference: string): CatalogueVersion {
    const known = this.resolved.get(reference)
    if (known) return known
    const version = this.resolveAnew(reference)
    this.resolved.set(reference, version)
    return version
  }

  private resolveAnew(reference: string): CatalogueVersion {
    const found = this.candidates(reference)
    const offered = found.filter(({ id }) => this.isOffered(id))
    const [only] = offered
    if (only && offered.length === 1) return only
    if (found.length === 0) throw new ServiceError('unknown_version', 'There is no such version.')
    if (offered.length === 0) {
      throw new ServiceError('unknown_version', 'This version was removed or unloaded.')
    }
    const ids = offered.map(({ model, id }) => `${model}:${id}`).join(', ')
    throw new ServiceError('unknown_version', `More than one version has this label: ${ids}`)
  }

  private candidates(reference: string): CatalogueVersion[] {
    const asList = (version: CatalogueVersion | undefined) => (version ? [version] : [])
    if (versionIdPattern.test(reference)) return asList(this.version(reference))
    const [model = '', idOrLabel, ...rest] = reference.split(':')
    if (rest.length > 0) return []
    if (!model.includes('/')) {
      const models = new Set(
        this.versions.filter(({ label }) => label === reference).map((each) => each.model),
      )
      return [...models].flatMap((name) => asList(this.versionOf(name, reference)))
    }
    if (idOrLabel === undefined) {
      const stable = this.stable(model)
      return stable ? [stable] : this.versionsOf(model).filter(({ id }) => !this.isOffered(id))
    }
    return asList(this.versionOf(model, idOrLabel))
  }

  /** What takes new predictions, newest first. */
  private offersOf(model: string): CatalogueVersion[] {
    return this.versionsOf(model).filter(({ id }) => this.isOffered(id))
  }

  /** Two ids share a label while workers go from one to the other: the newest that is served has it. */
  private labelled(model: string, label: string): CatalogueVersion | undefined {
    const offers = this.offersOf(model).filter((version) => version.label === label)
    return offers.find(({ id }) => this.isServed(id)) ?? offers[0]
  }

  /** Whether new predictions of it are taken: not once it is on its way out wherever it is, or gone. */
  isOffered(id: VersionId): boolean {
    const states = this.statesOf(id)
    if (states.length === 0) return this.version(id)?.removedAt === undefined
    return states.some(({ state }) => state !== 'draining' && state !== 'stopped')
  }

  /** What living workers report of a version; empty when none knows it. */
  statesOf(id: VersionId): readonly PresentVersion[] {
    return this.states.get(id) ?? []
  }

  /** One word for all of its workers; `unserved` when no living worker knows it. */
  stateOf(id: VersionId): VersionState | 'unserved' {
    const states = this.statesOf(id).map(({ state }) => state)
    return mostTelling.find((state) => states.includes(state)) ?? 'unserved'
  }

  /** That of its stable version, or of whatever there is of it so far. */
  stateOfModel(model: string): VersionState | 'unserved' {
    const shown = this.stable(model) ?? this.versionsOf(model)[0]
    if (shown) return this.stateOf(shown.id)
    const states = this.presentOf(model).map(({ state }) => state)
    const state = mostTelling.find((each) => states.includes(each))
    return state ?? (this.problemsOf(model).length > 0 ? 'load_failed' : 'unserved')
  }

  isServed(id: VersionId): boolean {
    return this.statesOf(id).some(({ state }) => state === 'ready')
  }

  /** How far the worker has come that has most of its files; undefined when none is fetching it. */
  progressOf(id: VersionId): LoadProgress | undefined {
    const known = this.statesOf(id).flatMap(({ progress }) => (progress ? [progress] : []))
    return known.toSorted((a, b) => b.doneBytes - a.doneBytes)[0]
  }

  /** Versions of this model that no worker has ready and some are loading, published or not. */
  loadingOf(model: string): PresentVersion[] {
    const loading = this.presentOf(model).filter(({ id }) => this.stateOf(id) === 'loading')
    return [...new Map(loading.map((version) => [version.id, version])).values()]
  }

  private presentOf(model: string): PresentVersion[] {
    return this.workers.flatMap(({ versions }) => versions.filter((version) => version.model === model))
  }

  /** What keeps versions of this model from being served, each once however many workers report it. */
  problemsOf(model: string): ModelProblem[] {
    const ofRepository = this.workers
      .flatMap(({ problems }) => problems)
      .filter((problem) => problem.model === model)
      .map(faultOf)
    const problems = [...this.presentOf(model).flatMap(failureOf), ...ofRepository]
    const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
    return [...distinct.values()].toSorted((a, b) => a.label.localeCompare(b.label))
  }
}

function failureOf({ id, label, state, code, reason }: PresentVersion): ModelProblem[] {
  if (state !== 'load_failed' && state !== 'crash_looping') return []
  return [{ id, label, state, code: code ?? state, reason: reason ?? '' }]
}

function faultOf({ label, code, reason, file, field }: RepositoryProblem): ModelProblem {
  return { id: null, label, state: 'load_failed', code, reason, file, ...(field !== undefined && { field }) }
}
