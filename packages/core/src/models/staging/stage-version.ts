import { constants } from 'node:fs'
import { access, chmod, copyFile, mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from '../../errno.js'
import { randomToken } from '../../ids.js'
import { createRepositoryMemory } from '../check-file.js'
import { checkFolder } from '../check-folder.js'
import type { Manifest } from '../manifest.js'
import { isFault, openOwnFile } from '../open-own-file.js'
import { type Fault, problemsOf, type RepositoryProblem } from '../repository-problem.js'
import type { FoundVersion, LocalVersion } from '../version.js'
import { fetchFiles } from './fetch-files.js'
import { stagingFolders } from './staging-folders.js'
import type { StageOptions } from './stage-options.js'
import { syncFile } from './sync-file.js'

export type StageResult = { ok: true; version: LocalVersion } | { ok: false; problems: RepositoryProblem[] }

/**
 * Makes a version's folder below the data folder that holds exactly its files, each with its sha256, and that never
 * changes: fetches what is missing, copies, checks, and gives it its name at the end. Any number of processes may do
 * so at once. Rejects only with the signal's reason.
 */
export async function stageVersion(found: FoundVersion, options: StageOptions): Promise<StageResult> {
  const { id, model, label, manifest } = found
  const { versions } = stagingFolders(options.dataDir)
  const folder = join(versions, id)
  const version: LocalVersion = { id, model, label, manifest, folder }
  try {
    if (await isStaged(folder, manifest)) return { ok: true, version }
    const faults = await stageAnew(found, folder, options)
    if (faults.length === 0) return { ok: true, version }
    return { ok: false, problems: problemsOf(found, faults) }
  } catch (error) {
    options.signal?.throwIfAborted()
    const reason = `could not be copied to the data folder (${errnoOf(error) ?? 'unexpected error'})`
    return { ok: false, problems: problemsOf(found, [{ code: 'fetch_failed', file: '.', reason }]) }
  }
}

/** A folder under its final name is whole; using it keeps it from being swept. */
async function isStaged(folder: string, { files }: Manifest): Promise<boolean> {
  const now = new Date()
  const isThere = await utimes(folder, now, now).then(
    () => true,
    () => false,
  )
  if (!isThere) return false
  const checks = files.map(({ path }) => access(join(folder, path), constants.R_OK))
  return Promise.all(checks).then(
    () => true,
    () => false,
  )
}

async function stageAnew(found: FoundVersion, folder: string, options: StageOptions): Promise<Fault[]> {
  const temporary = `${folder}.${randomToken()}.tmp`
  const fetched = await fetchFiles(found, options)
  if (Array.isArray(fetched)) return fetched
  try {
    const faults = await copyFiles(found, fetched, temporary, options.signal)
    if (faults.length > 0) return faults
    const { limits } = options
    const faulty = await checkFolder(temporary, found.manifest, { limits, memory: createRepositoryMemory() })
    if (faulty.length > 0) {
      // What is not what it was when it was fetched must be fetched again.
      await Promise.all([...fetched.values()].map((path) => rm(path, { force: true })))
      return faulty
    }
    await publish(temporary, folder, found.manifest)
    return []
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function copyFiles(
  { folder, manifest }: FoundVersion,
  fetched: ReadonlyMap<string, string>,
  target: string,
  signal: AbortSignal | undefined,
): Promise<Fault[]> {
  const faults: Fault[] = []
  await mkdir(target, { recursive: true })
  for (const { path } of manifest.files) {
    signal?.throwIfAborted()
    const fault = fetched.has(path) ? undefined : await refuse(folder, path)
    if (fault) {
      faults.push(fault)
      continue
    }
    const copy = join(target, path)
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(fetched.get(path) ?? join(folder, path), copy, constants.COPYFILE_FICLONE)
    await chmod(copy, 0o444)
    await syncFile(copy)
  }
  return faults
}

async function refuse(folder: string, path: string): Promise<Fault | undefined> {
  const handle = await openOwnFile(folder, path)
  if (isFault(handle)) return handle
  await handle.close()
  return undefined
}

async function publish(temporary: string, folder: string, manifest: Manifest): Promise<void> {
  try {
    await rename(temporary, folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errnoOf(error) ?? '')) throw error
    // Another process was faster; or what is there lost a file, and gives way.
    if (await isStaged(folder, manifest)) return
    await rename(folder, `${folder}.${randomToken()}.tmp`)
    await rename(temporary, folder)
  }
}
