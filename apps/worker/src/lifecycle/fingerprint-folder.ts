import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a folder looks like without reading its files: names, sizes, times and inodes of all below it. Equal texts mean
 * that nothing was written, replaced, renamed or made readable in between. What vanishes meanwhile is left out.
 */
export async function fingerprintFolder(folder: string): Promise<string> {
  const lines: string[] = []
  for (const name of await readdir(folder, { recursive: true }).catch((): string[] => [])) {
    const stats = await lstat(join(folder, name)).catch(() => undefined)
    if (stats) lines.push([name, stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino].join(' '))
  }
  return lines.toSorted().join('\n')
}
