import {
  type CheckedFile,
  checkFile,
  createRepositoryMemory,
  type ModelLimits,
  type RepositoryMemory,
} from './check-file.js'
import { checkFolder, checkFolderSize } from './check-folder.js'
import { deriveManifest } from './derive-manifest.js'
import { externalFiles } from './external-data.js'
import { findVersionFolders, type VersionFolder } from './find-version-folders.js'
import { inspectModel, isModelFault, modelFile } from './inspect-model.js'
import type { Manifest } from './manifest.js'
import { readManifest } from './read-manifest.js'
import { type Fault, problemsOf, type RepositoryProblem } from './repository-problem.js'
import type { FoundVersion } from './version.js'
import { versionId } from './version-id.js'

export interface ModelRepository {
  versions: FoundVersion[]
  problems: RepositoryProblem[]
}

export interface RepositoryOptions {
  limits?: ModelLimits
  /** Keeps what was read for the next time. */
  memory?: RepositoryMemory
}

type Look = Required<RepositoryOptions>

/** How many versions are read at a time. */
const concurrency = 4

/**
 * Reads every `<model>/<label>` folder of a model repository and checks the files that are there; those with a `url`
 * may be missing. A version with a problem is reported and left out; it never stops the others. Rejects only when
 * `dir` itself cannot be read.
 */
export async function readModelRepository(
  dir: string,
  { limits = { maxBytes: Infinity }, memory = createRepositoryMemory() }: RepositoryOptions = {},
): Promise<ModelRepository> {
  const folders = await findVersionFolders(dir)
  const repository: ModelRepository = { versions: [], problems: [] }
  for (let start = 0; start < folders.length; start += concurrency) {
    const part = folders.slice(start, start + concurrency)
    const results = await Promise.all(part.map((folder) => readVersion(folder, { limits, memory })))
    for (const result of results) {
      if (Array.isArray(result)) repository.problems.push(...result)
      else addVersion(repository, result)
    }
  }
  memory.digests.forgetUnused()
  memory.models.forgetUnused()
  return repository
}

function addVersion({ versions, problems }: ModelRepository, version: FoundVersion): void {
  const twin = versions.find(({ id }) => id === version.id)
  if (!twin) versions.push(version)
  else {
    const reason = `is the same version as ${twin.model} ${twin.label}`
    problems.push(...problemsOf(version, [{ code: 'duplicate', file: '.', reason }]))
  }
}

async function readVersion(found: VersionFolder, look: Look): Promise<FoundVersion | RepositoryProblem[]> {
  const { model, label, folder, refusal } = found
  const manifest = refusal ? [refusal] : await manifestOf(folder, look)
  if (Array.isArray(manifest)) return problemsOf(found, manifest)
  return { id: versionId(manifest), model, label, manifest, folder }
}

async function manifestOf(folder: string, look: Look): Promise<Manifest | Fault[]> {
  const manifest = await readManifest(folder)
  if (Array.isArray(manifest)) return manifest
  if (!manifest) return deriveFrom(folder, look)
  const faults = await checkFolder(folder, manifest, look)
  return faults.length > 0 ? faults : manifest
}

/** The manifest of a folder with only `model.onnx` and its external data. */
async function deriveFrom(folder: string, { limits, memory }: Look): Promise<Manifest | Fault[]> {
  const model = await inspectModel(folder, { limits, memory })
  if (isModelFault(model)) return [model]
  const external = externalFiles(model)
  if (external.faults.length > 0) return external.faults
  const paths = [modelFile, ...external.files.map((file) => file.path)]
  const tooLarge = await checkFolderSize(
    folder,
    paths.map((path) => ({ path })),
    limits,
  )
  if (tooLarge) return [tooLarge]
  const checked: CheckedFile[] = []
  for (const path of paths) {
    const file = await checkFile(folder, { path }, memory)
    if ('code' in file) return [file]
    checked.push(file)
  }
  const manifest = deriveManifest(model, checked)
  if (Array.isArray(manifest)) return manifest
  const faults = await checkFolder(folder, manifest, { limits, memory })
  return faults.length > 0 ? faults : manifest
}
