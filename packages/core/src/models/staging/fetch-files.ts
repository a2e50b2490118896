import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../repository-problem.js'
import type { FoundVersion } from '../version.js'
import { fetchFile } from './fetch-file.js'
import type { StageOptions } from './stage-options.js'
import { stagingFolders } from './staging-folders.js'

interface RemoteFile {
  index: number
  path: string
  sha256: string
  url: string
}

/** Files of one version that are fetched at a time. */
const concurrency = 3
const progressMs = 200

/**
 * Fetches the files of a version that have a `url` and are not in its folder: where each lies in the cache, by path.
 * With what is in the folder, they may not take more than a version may have.
 */
export async function fetchFiles(
  { folder, manifest }: FoundVersion,
  options: StageOptions,
): Promise<Map<string, string> | Fault[]> {
  const { remote, localBytes } = await findRemote(folder, manifest.files)
  const budget = createBudget(options.limits.maxBytes - localBytes)
  const report = createProgress(remote, options.onProgress)
  const signal = options.signal ?? new AbortController().signal
  const { files } = stagingFolders(options.dataDir)
  const fetched = new Map<string, string>()
  const faults: Fault[] = []
  for (let start = 0; start < remote.length && faults.length === 0; start += concurrency) {
    const part = remote.slice(start, start + concurrency)
    await Promise.all(
      part.map(async ({ index, path, sha256, url }) => {
        const onBytes = (bytes: number, total: number | undefined) => {
          budget.take(path, bytes)
          report(path, bytes, total)
        }
        const maxBytes = () => budget.leftFor(path)
        const result = await fetchFile(files, sha256, {
          ...options.downloads,
          maxBytes,
          url,
          onBytes,
          signal,
        })
        if (result.ok) {
          // It may have been in the cache already.
          budget.take(path, (await stat(result.path)).size)
          fetched.set(path, result.path)
        } else faults.push({ code: result.code, file: path, field: `files.${index}`, reason: result.reason })
      }),
    )
  }
  return faults.length > 0 ? faults : fetched
}

async function findRemote(
  folder: string,
  files: FoundVersion['manifest']['files'],
): Promise<{ remote: RemoteFile[]; localBytes: number }> {
  const remote: RemoteFile[] = []
  let localBytes = 0
  for (const [index, { path, sha256, url }] of files.entries()) {
    const stats = await lstat(join(folder, path)).catch(() => undefined)
    if (stats) localBytes += stats.size
    else if (url !== undefined) remote.push({ index, path, sha256, url })
  }
  return { remote, localBytes }
}

/** Shares what a version may have among files that are fetched at the same time, as they come. */
function createBudget(maxBytes: number) {
  const taken = new Map<string, number>()
  return {
    take(path: string, bytes: number): void {
      taken.set(path, bytes)
    },
    leftFor(path: string): number {
      let left = maxBytes
      for (const [other, bytes] of taken) if (other !== path) left -= bytes
      return Math.max(0, left)
    },
  }
}

/** Adds up what the files of a version report, and passes it on a few times a second. */
function createProgress(files: readonly RemoteFile[], onProgress: StageOptions['onProgress']) {
  const byPath = new Map(files.map(({ path }) => [path, { bytes: 0, total: 0, isKnown: false }]))
  let lastAt = -Infinity
  return (path: string, bytes: number, total: number | undefined): void => {
    const known = byPath.get(path)
    byPath.set(path, {
      bytes,
      total: total ?? known?.total ?? 0,
      isKnown: total !== undefined || known?.isKnown === true,
    })
    const all = [...byPath.values()]
    const isDone = all.every((file) => file.isKnown && file.bytes === file.total)
    if (!isDone && performance.now() - lastAt < progressMs) return
    lastAt = performance.now()
    const totalBytes = all.every(({ isKnown }) => isKnown)
      ? all.reduce((sum, file) => sum + file.total, 0)
      : undefined
    onProgress?.({ bytes: all.reduce((sum, file) => sum + file.bytes, 0), totalBytes })
  }
}
