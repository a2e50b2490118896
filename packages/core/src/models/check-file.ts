import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'

const lfsPointer = Buffer.from('version https://git-lfs.github.com/spec/')
const partBytes = 1024 * 1024

/**
 * Says what is wrong with a version's file, or undefined: it must be a file of its own inside `folder`, no link of
 * either kind, with the declared checksum.
 */
export async function checkFile(
  folder: string,
  file: { path: string; sha256: string },
): Promise<string | undefined> {
  const path = join(folder, file.path)
  const stats = await lstat(path).catch(() => undefined)
  if (!stats) return 'is missing'
  if (stats.isSymbolicLink()) return 'is a symbolic link'
  if (!stats.isFile()) return 'is not a regular file'
  if (stats.nlink !== 1) return 'has a second hard link'
  if ((await realpath(path)) !== join(await realpath(folder), file.path)) return 'lies behind a symbolic link'
  // Not following a link again: the file may have been replaced since it was looked at.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await checkContent(handle, file.sha256)
  } finally {
    await handle.close()
  }
}

async function checkContent(handle: FileHandle, sha256: string): Promise<string | undefined> {
  const start = Buffer.alloc(lfsPointer.length)
  await handle.read(start, 0, start.length, 0)
  if (start.equals(lfsPointer)) return 'is a git-lfs pointer, not the file itself: run `git lfs pull`'
  const hash = createHash('sha256')
  const part = Buffer.alloc(partBytes)
  let position = 0
  for (;;) {
    const { bytesRead } = await handle.read(part, 0, partBytes, position)
    if (bytesRead === 0) break
    hash.update(part.subarray(0, bytesRead))
    position += bytesRead
  }
  return hash.digest('hex') === sha256 ? undefined : 'does not have the sha256 that the manifest declares'
}
