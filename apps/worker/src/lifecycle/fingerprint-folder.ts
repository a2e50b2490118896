import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

/**
 * What a folder looks like without reading its files: names, sizes, times and inodes of all below it. Equal texts mean
 * that nothing was written, replaced, renamed or made readable in between. What vanishes meanwhile is left out; links
 * are listed and not entered.
 */
export async function fingerprintFolder(folder: string): Promise<string> {
  const lines: string[] = []
  // Without the types, links to folders would be followed, also round and round.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((): Dirent[] => [])
  for (const { parentPath, name } of entries) {
    const path = join(parentPath, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats)
      lines.push([relative(folder, path), stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino].join(' '))
  }
  return lines.toSorted().join('\n')
}
