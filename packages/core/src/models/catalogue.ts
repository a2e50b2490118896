import { ServiceError } from '../errors.js'
import type { ModelVersion, VersionId } from './version.js'

export const versionStates = [
  'loading',
  'ready',
  'load_failed',
  'crash_looping',
  'draining',
  'stopped',
] as const
export type VersionState = (typeof versionStates)[number]

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
  /** Milliseconds since 1970, when a worker first served it. */
  publishedAt: number
}

/** What one living worker says of itself. */
export interface WorkerPresence {
  worker: string
  versions: { id: VersionId; state: VersionState; reason?: string | undefined }[]
}

const versionIdPattern = /^[0-9a-f]{64}$/

/** What can be asked for, and who serves it, as of one moment. Pure: no I/O. */
export class Catalogue {
  private readonly byId: Map<VersionId, CatalogueVersion>

  constructor(
    versions: readonly CatalogueVersion[],
    readonly workers: readonly WorkerPresence[],
  ) {
    const newestFirst = versions.toSorted(
      (a, b) => b.publishedAt - a.publishedAt || (a.label < b.label ? 1 : -1),
    )
    this.byId = new Map(newestFirst.map((version) => [version.id, version]))
  }

  get versions(): CatalogueVersion[] {
    return [...this.byId.values()]
  }

  models(): string[] {
    return [...new Set(this.versions.map(({ model }) => model))].toSorted()
  }

  /** Newest first. */
  versionsOf(model: string): CatalogueVersion[] {
    return this.versions.filter((version) => version.model === model)
  }

  /** Where by-model traffic goes: the newest version that is not an optimisation of another. */
  stable(model: string): CatalogueVersion | undefined {
    return this.versionsOf(model).find((version) => version.manifest.baseline === undefined)
  }

  version(id: VersionId): CatalogueVersion | undefined {
    return this.byId.get(id)
  }

  /** A version of this model by its id or its label. */
  versionOf(model: string, idOrLabel: string): CatalogueVersion | undefined {
    return this.versionsOf(model).find(({ id, label }) => id === idOrLabel || label === idOrLabel)
  }

  /**
   * Resolves what clients write as a version: an id, `owner/name`, `owner/name:id`, `owner/name:label`, or a label
   * that only one model has.
   * @throws ServiceError `unknown_version`
   */
  resolve(reference: string): CatalogueVersion {
    const found = this.candidates(reference)
    const [only] = found
    if (only && found.length === 1) return only
    if (found.length === 0) throw new ServiceError('unknown_version', 'There is no such version.')
    const ids = found.map(({ model, id }) => `${model}:${id}`).join(', ')
    throw new ServiceError('unknown_version', `More than one version has this label: ${ids}`)
  }

  private candidates(reference: string): CatalogueVersion[] {
    const asList = (version: CatalogueVersion | undefined) => (version ? [version] : [])
    if (versionIdPattern.test(reference)) return asList(this.version(reference))
    const [model = '', idOrLabel] = reference.split(':', 2)
    if (!model.includes('/')) return this.versions.filter(({ label }) => label === reference)
    return asList(idOrLabel === undefined ? this.stable(model) : this.versionOf(model, idOrLabel))
  }

  /** States that living workers report for a version; empty when none knows it. */
  statesOf(id: VersionId): WorkerPresence['versions'] {
    return this.workers.flatMap(({ versions }) => versions.filter((version) => version.id === id))
  }

  /** One word for all of its workers; `unserved` when no living worker knows it. */
  stateOf(id: VersionId): VersionState | 'unserved' {
    const states = this.statesOf(id).map(({ state }) => state)
    return mostTelling.find((state) => states.includes(state)) ?? 'unserved'
  }

  isServed(id: VersionId): boolean {
    return this.statesOf(id).some(({ state }) => state === 'ready')
  }
}
