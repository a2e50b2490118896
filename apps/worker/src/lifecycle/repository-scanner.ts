import { createRepositoryMemory, type ModelLimits } from '@augur/core/models/check-file'
import { findVersionFolders } from '@augur/core/models/find-version-folders'
import { type ModelRepository, readModelRepository } from '@augur/core/models/model-repository'
import { fingerprintFolder } from './fingerprint-folder.js'
import { placeOf } from './plan-lifecycle.js'

export interface RepositoryScan extends ModelRepository {
  /** What each place looked like just before it was read. */
  fingerprints: ReadonlyMap<string, string>
  /** Places that changed a moment ago, and may not be complete; their versions and problems are left out. */
  unsettled: ReadonlySet<string>
}

interface Look {
  /** Undefined: the folder is gone. */
  fingerprint: string | undefined
  sinceMs: number
}

export interface ScannerOptions {
  dir: string
  limits: ModelLimits
  /** How long a folder must look the same before it is taken seriously. */
  settleMs: number
  now(): number
}

/**
 * Looks at a model repository again and again. A folder that is being copied in, or being replaced, is left alone until
 * it stops changing; what is there on the first look counts as complete. Files are read only where something changed.
 */
export class RepositoryScanner {
  private looks: Map<string, Look> | undefined
  private readonly memory = createRepositoryMemory()
  private read: { at: string; repository: ModelRepository } | undefined

  constructor(private readonly options: ScannerOptions) {}

  /** Reads files again on the next scan, also where nothing seems to have changed. */
  forget(): void {
    this.read = undefined
  }

  /** Rejects when the repository's own folder cannot be read. */
  async scan(): Promise<RepositoryScan> {
    const fingerprints = await this.fingerprints()
    this.looks = this.look(fingerprints)
    const unsettled = this.unsettled(this.looks)
    const { versions, problems } = await this.readSettled(this.looks, unsettled)
    const isSettled = (found: { model: string; label: string }) => !unsettled.has(placeOf(found))
    return {
      versions: versions.filter(isSettled),
      problems: problems.filter(isSettled),
      fingerprints,
      unsettled,
    }
  }

  private async fingerprints(): Promise<Map<string, string>> {
    const folders = await findVersionFolders(this.options.dir)
    const entries = folders.map(async (found): Promise<[string, string]> => {
      return [placeOf(found), await fingerprintFolder(found.folder)]
    })
    return new Map(await Promise.all(entries))
  }

  private look(fingerprints: ReadonlyMap<string, string>): Map<string, Look> {
    const nowMs = this.options.now()
    const before = this.looks
    const looks = new Map<string, Look>()
    for (const place of new Set([...(before?.keys() ?? []), ...fingerprints.keys()])) {
      const fingerprint = fingerprints.get(place)
      const last = before?.get(place)
      const isSame = last !== undefined && last.fingerprint === fingerprint
      if (isSame && fingerprint === undefined && last.sinceMs <= this.settledBeforeMs) continue
      looks.set(place, isSame ? last : { fingerprint, sinceMs: before ? nowMs : Number.NEGATIVE_INFINITY })
    }
    return looks
  }

  private unsettled(looks: ReadonlyMap<string, Look>): Set<string> {
    const changing = [...looks].filter(([, { sinceMs }]) => sinceMs > this.settledBeforeMs)
    return new Set(changing.map(([place]) => place))
  }

  private get settledBeforeMs(): number {
    return this.options.now() - this.options.settleMs
  }

  private async readSettled(
    looks: ReadonlyMap<string, Look>,
    unsettled: ReadonlySet<string>,
  ): Promise<ModelRepository> {
    const settled = [...looks].filter(([place]) => !unsettled.has(place))
    const at = JSON.stringify(settled.map(([place, { fingerprint }]) => [place, fingerprint]))
    if (this.read?.at !== at) {
      const { dir, limits } = this.options
      this.read = { at, repository: await readModelRepository(dir, { limits, memory: this.memory }) }
    }
    return this.read.repository
  }
}
