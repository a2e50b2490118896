import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkFile } from './check-file.js'
import { findVersionFolders, type VersionFolder } from './find-version-folders.js'
import { type Manifest, manifestSchema } from './manifest.js'
import type { LocalVersion } from './version.js'
import { versionId } from './version-id.js'

/** Why a folder of the model repository is not served. */
export interface RepositoryProblem {
  /** `owner/name`. */
  model: string
  label: string
  /** Path inside the version's folder. */
  file: string
  /** Where in the manifest, for example `pipeline.image.width`. */
  field?: string
  reason: string
}

export interface ModelRepository {
  versions: LocalVersion[]
  problems: RepositoryProblem[]
}

/**
 * Reads every `<model>/<label>` folder of a model repository and checks its files. A version with a problem is
 * reported and left out; it never stops the others. Rejects only when `dir` itself cannot be read.
 */
export async function readModelRepository(dir: string): Promise<ModelRepository> {
  const repository: ModelRepository = { versions: [], problems: [] }
  for (const folder of await findVersionFolders(dir)) {
    const read = await readVersion(folder)
    if (Array.isArray(read)) repository.problems.push(...read)
    else addVersion(repository, read)
  }
  return repository
}

function addVersion({ versions, problems }: ModelRepository, version: LocalVersion): void {
  const twin = versions.find(({ id }) => id === version.id)
  if (!twin) versions.push(version)
  else
    problems.push(problemIn(version, 'manifest.json', `is the same version as ${twin.model} ${twin.label}`))
}

async function readVersion(found: VersionFolder): Promise<LocalVersion | RepositoryProblem[]> {
  const { model, label, folder, refusal } = found
  if (refusal) return [problemIn(found, '.', refusal)]
  const manifest = await readManifest(found)
  if (Array.isArray(manifest)) return manifest
  const problems: RepositoryProblem[] = []
  for (const file of manifest.files) {
    const reason = await checkFile(folder, file).catch(() => 'cannot be read')
    if (reason) problems.push(problemIn(found, file.path, reason))
  }
  return problems.length > 0 ? problems : { id: versionId(manifest), model, label, manifest, folder }
}

async function readManifest(found: VersionFolder): Promise<Manifest | RepositoryProblem[]> {
  const text = await readFile(join(found.folder, 'manifest.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return [problemIn(found, 'manifest.json', 'is missing or cannot be read')]
  const json = parseJson(text)
  if (json === undefined) return [problemIn(found, 'manifest.json', 'is not JSON')]
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) => {
    const problem = problemIn(found, 'manifest.json', message)
    return path.length > 0 ? { ...problem, field: path.join('.') } : problem
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemIn(at: { model: string; label: string }, file: string, reason: string): RepositoryProblem {
  return { model: at.model, label: at.label, file, reason }
}
