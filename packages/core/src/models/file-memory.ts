import type { FileHandle } from 'node:fs/promises'

/** What was computed from files, kept for as long as they stay as they are. */
export class FileMemory<T> {
  private readonly known = new Map<string, { signature: string; value: T }>()
  private used = new Set<string>()

  constructor(private readonly compute: (handle: FileHandle) => Promise<T>) {}

  /** The value for the open file at `path`. */
  async of(path: string, handle: FileHandle): Promise<T> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
    const signature = [dev, ino, size, mtimeNs, ctimeNs].join(' ')
    this.used.add(path)
    const known = this.known.get(path)
    if (known?.signature === signature) return known.value
    const value = await this.compute(handle)
    this.known.set(path, { signature, value })
    return value
  }

  /** Forgets the paths that nobody asked for since the last call. */
  forgetUnused(): void {
    for (const path of this.known.keys()) if (!this.used.has(path)) this.known.delete(path)
    this.used = new Set()
  }
}
