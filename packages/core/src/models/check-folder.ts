import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkFile, type ModelLimits, type RepositoryMemory } from './check-file.js'
import { compareWithFile } from './compare-with-file.js'
import { checkExternalFiles, externalFiles } from './external-data.js'
import { inspectModel, isModelFault, modelFile } from './inspect-model.js'
import type { Manifest } from './manifest.js'
import type { Fault } from './repository-problem.js'

interface FolderOptions {
  limits: ModelLimits
  memory: RepositoryMemory
}

type ListedFile = Pick<Manifest['files'][number], 'path' | 'url'>

/** By path: how large each listed file is; null for one that has yet to be fetched. */
type Sizes = Map<string, number | null>

/**
 * Everything that is wrong with the files of a version, before ONNX Runtime sees them. What a listed file's `url` can
 * still provide may be missing.
 */
export async function checkFolder(
  folder: string,
  manifest: Manifest,
  { limits, memory }: FolderOptions,
): Promise<Fault[]> {
  const sizes = await sizesOf(folder, manifest.files)
  const tooLarge = checkSize(sizes, limits)
  if (tooLarge) return [tooLarge]
  const faults: Fault[] = []
  for (const file of manifest.files) {
    if (sizes.get(file.path) === null) continue
    const checked = await checkFile(folder, file, memory)
    if ('code' in checked) faults.push(checked)
  }
  if (faults.length > 0 || sizes.get(modelFile) === null) return faults
  return checkModel(folder, manifest, sizes, { limits, memory })
}

/** Whether these files are too large together, before any of them is read. */
export async function checkFolderSize(
  folder: string,
  files: readonly ListedFile[],
  limits: ModelLimits,
): Promise<Fault | undefined> {
  return checkSize(await sizesOf(folder, files), limits)
}

async function checkModel(
  folder: string,
  manifest: Manifest,
  sizes: Sizes,
  options: FolderOptions,
): Promise<Fault[]> {
  const model = await inspectModel(folder, options)
  if (isModelFault(model)) return [model]
  const external = externalFiles(model)
  return [
    ...external.faults,
    ...checkExternalFiles(external.files, sizes),
    ...compareWithFile(manifest, model),
  ]
}

async function sizesOf(folder: string, files: readonly ListedFile[]): Promise<Sizes> {
  const sizes: Sizes = new Map()
  for (const { path, url } of files) {
    const stats = await lstat(join(folder, path)).catch(() => undefined)
    sizes.set(path, stats ? stats.size : url === undefined ? 0 : null)
  }
  return sizes
}

function checkSize(sizes: Sizes, { maxBytes }: ModelLimits): Fault | undefined {
  const bytes = [...sizes.values()].reduce<number>((sum, size) => sum + (size ?? 0), 0)
  if (bytes <= maxBytes) return undefined
  const reason = `holds ${bytes} bytes of files, more than the ${maxBytes} that AUGUR_MAX_MODEL_BYTES allows`
  return { code: 'too_large', file: '.', reason }
}
