import { access } from 'node:fs/promises'
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

/** Fetches the files of a version that have a `url` and are not in its folder: where each lies in the cache, by path. */
export async function fetchFiles(
  { folder, manifest }: FoundVersion,
  options: StageOptions,
): Promise<Map<string, string> | Fault[]> {
  const remote = await findRemote(folder, manifest.files)
  const report = createProgress(remote, options.onProgress)
  const signal = options.signal ?? new AbortController().signal
  const { files } = stagingFolders(options.dataDir)
  const fetched = new Map<string, string>()
  const faults: Fault[] = []
  for (let start = 0; start < remote.length && faults.length === 0; start += concurrency) {
    const part = remote.slice(start, start + concurrency)
    await Promise.all(
      part.map(async ({ index, path, sha256, url }) => {
        const onBytes = (bytes: number, total: number | undefined) => report(path, bytes, total)
        const download = { ...options.downloads, maxBytes: options.limits.maxBytes, url, onBytes, signal }
        const result = await fetchFile(files, sha256, download)
        if (result.ok) fetched.set(path, result.path)
        else faults.push({ code: result.code, file: path, field: `files.${index}`, reason: result.reason })
      }),
    )
  }
  return faults.length > 0 ? faults : fetched
}

async function findRemote(folder: string, files: FoundVersion['manifest']['files']): Promise<RemoteFile[]> {
  const found = await Promise.all(
    files.map(async ({ path, sha256, url }, index) => {
      if (url === undefined) return []
      const isHere = await access(join(folder, path)).then(
        () => true,
        () => false,
      )
      return isHere ? [] : [{ index, path, sha256, url }]
    }),
  )
  return found.flat()
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
