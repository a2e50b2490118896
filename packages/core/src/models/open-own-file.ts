import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from './repository-problem.js'

/**
 * Opens a file of a version's folder for reading: a regular file of its own inside the folder, no link of either
 * kind and not behind one. The caller closes it. What cannot be opened is a fault.
 */
export async function openOwnFile(folder: string, path: string): Promise<FileHandle | Fault> {
  try {
    const refusal = await refuse(folder, path)
    if (refusal) return refusal
    // Not following a link again, nor waiting for a pipe: the file may have been replaced since it was looked at.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const handle = await open(join(folder, path), flags)
    const stats = await handle.stat()
    if (stats.isFile() && stats.nlink === 1) return handle
    await handle.close()
    return { code: 'unsafe_file', file: path, reason: 'was replaced while it was looked at' }
  } catch {
    return { code: 'missing_file', file: path, reason: 'cannot be read' }
  }
}

async function refuse(folder: string, path: string): Promise<Fault | undefined> {
  const unsafe = (reason: string): Fault => ({ code: 'unsafe_file', file: path, reason })
  const whole = join(folder, path)
  const stats = await lstat(whole).catch(() => undefined)
  if (!stats) return missing(path)
  if (stats.isSymbolicLink()) return unsafe('is a symbolic link')
  if (!stats.isFile()) return unsafe('is not a regular file')
  if (stats.nlink !== 1) return unsafe('has a second hard link')
  if ((await realpath(whole)) !== join(await realpath(folder), path))
    return unsafe('lies behind a symbolic link')
  return undefined
}

/** Tells an open file from a fault. */
export function isFault(result: FileHandle | Fault): result is Fault {
  return 'code' in result
}

/** The fault of a file that is not there. */
export function missing(file: string): Fault {
  return { code: 'missing_file', file, reason: 'is missing' }
}
