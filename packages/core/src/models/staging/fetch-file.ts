import { constants } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errnoOf } from '../../errno.js'
import { randomToken } from '../../ids.js'
import { digestFile } from '../digest-file.js'
import type { RepositoryProblemCode } from '../repository-problem.js'
import { type Download, downloadFile, validatorFile } from './download-file.js'
import { tryLockFile } from './lock-file.js'
import { syncFile } from './sync-file.js'

/** A file in the cache, or why it is not there. */
export type FetchResult =
  | { ok: true; path: string }
  | { ok: false; code: RepositoryProblemCode; reason: string }

const lockPollMs = 200

/**
 * Gives the file with this sha256 from the cache in `dir`, downloading it when it is not there yet. Of all processes
 * that want it one downloads and the others wait; should two download after all, each writes a file of its own.
 * Rejects with the signal's reason, or an error of the file system.
 */
export async function fetchFile(dir: string, sha256: string, download: Download): Promise<FetchResult> {
  await mkdir(dir, { recursive: true })
  const path = join(dir, sha256)
  for (;;) {
    if (await touch(path)) return { ok: true, path }
    const lock = await tryLockFile(`${path}.lock`)
    if (!lock) {
      download.onBytes(await bytesSoFar(dir, sha256), undefined)
      await delay(lockPollMs, undefined, { signal: download.signal })
      continue
    }
    try {
      if (await touch(path)) return { ok: true, path }
      return await fetchVerified(dir, sha256, download)
    } finally {
      await lock.release()
    }
  }
}

/** Marks a file as used now; false when there is none. */
async function touch(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    () => false,
  )
}

async function fetchVerified(dir: string, sha256: string, download: Download): Promise<FetchResult> {
  const part = join(dir, `${sha256}.${randomToken()}.part`)
  const hasStart = await adopt(dir, sha256, part)
  const first = await downloadFile(part, download)
  if (!first.ok) return first
  if (await hasDigest(part, sha256)) return keep(part, join(dir, sha256))
  await discard(part)
  // What was there already may have come from another file.
  if (hasStart) return fetchVerified(dir, sha256, download)
  return {
    ok: false,
    code: 'checksum_mismatch',
    reason: 'does not have the sha256 that the manifest declares',
  }
}

/** Goes on with what an earlier download left. A copy, because whoever wrote it may only have been halted. */
async function adopt(dir: string, sha256: string, part: string): Promise<boolean> {
  const left = await partsOf(dir, sha256)
  const [longest] = left.toSorted((a, b) => b.bytes - a.bytes)
  if (longest && longest.bytes > 0) {
    await copyFile(validatorFile(longest.path), validatorFile(part)).catch(() => {})
    await copyFile(longest.path, part, constants.COPYFILE_FICLONE).catch(() => {})
  }
  await Promise.all(left.map((each) => discard(each.path)))
  return longest !== undefined
}

async function partsOf(dir: string, sha256: string): Promise<{ path: string; bytes: number }[]> {
  const names = (await readdir(dir)).filter((name) => name.startsWith(`${sha256}.`) && name.endsWith('.part'))
  return Promise.all(
    names.map(async (name) => {
      const path = join(dir, name)
      return {
        path,
        bytes: await stat(path).then(
          ({ size }) => size,
          () => 0,
        ),
      }
    }),
  )
}

async function bytesSoFar(dir: string, sha256: string): Promise<number> {
  return Math.max(0, ...(await partsOf(dir, sha256)).map(({ bytes }) => bytes))
}

async function discard(part: string): Promise<void> {
  await Promise.all([rm(part, { force: true }), rm(validatorFile(part), { force: true })])
}

async function hasDigest(part: string, sha256: string): Promise<boolean> {
  const handle = await open(part, 'r')
  try {
    return (await digestFile(handle)) === sha256
  } finally {
    await handle.close()
  }
}

async function keep(part: string, path: string): Promise<FetchResult> {
  await syncFile(part)
  try {
    await rename(part, path)
  } catch (error) {
    // Another process took this part over, and is done with it.
    if (errnoOf(error) !== 'ENOENT' || !(await touch(path))) throw error
  }
  await discard(part)
  return { ok: true, path }
}
