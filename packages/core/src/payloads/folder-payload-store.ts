import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from '../errno.js'
import type { PayloadStore } from './payload-store.js'

/** Payloads as files of a folder that API and workers share. */
export class FolderPayloadStore implements PayloadStore {
  constructor(private readonly folder: string) {}

  async put(key: string, content: Uint8Array): Promise<void> {
    const path = join(this.folder, key)
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  }

  async get(key: string): Promise<Buffer | null> {
    try {
      return await readFile(join(this.folder, key))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async delete(key: string): Promise<void> {
    await rm(join(this.folder, key), { force: true })
  }
}
