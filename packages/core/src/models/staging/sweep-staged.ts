import { readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { randomToken } from '../../ids.js'
import type { VersionId } from '../version.js'
import { stagingFolders } from './staging-folders.js'

export interface SweepOptions {
  /** Versions that somebody may still use. */
  keep: ReadonlySet<VersionId>
  /** How long nobody may have staged or kept a version, or used a fetched file: longer than any download takes. */
  olderThanMs: number
  /** Milliseconds since 1970. */
  now: number
}

const versionId = /^[0-9a-f]{64}$/

/**
 * Removes staged versions that are not to be kept, and whatever crashed stagings and old downloads left. Gives the ids
 * of the versions that it removed.
 */
export async function sweepStaged(dataDir: string, options: SweepOptions): Promise<VersionId[]> {
  const { versions, files } = stagingFolders(dataDir)
  const removed: VersionId[] = []
  for (const name of await list(versions)) {
    const path = join(versions, name)
    // So that a moment in which its users are not heard of is not its end.
    if (options.keep.has(name)) await touch(path, options.now)
    if (path === files || options.keep.has(name) || !(await isOld(path, options))) continue
    if (versionId.test(name)) removed.push(name)
    await remove(path)
  }
  for (const name of await list(files)) {
    const path = join(files, name)
    if (await isOld(path, options)) await rm(path, { recursive: true, force: true })
  }
  return removed
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

async function isOld(path: string, { olderThanMs, now }: SweepOptions): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && now - stats.mtimeMs > olderThanMs
}

async function touch(path: string, now: number): Promise<void> {
  const date = new Date(now)
  await utimes(path, date, date).catch(() => {})
}

/** Takes the name away first: half a folder must not look like a whole one. */
async function remove(path: string): Promise<void> {
  const temporary = path.endsWith('.tmp') ? path : `${path}.${randomToken()}.tmp`
  if (temporary !== path) await rename(path, temporary)
  await rm(temporary, { recursive: true, force: true })
}
