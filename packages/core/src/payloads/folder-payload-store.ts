import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { errnoOf } from '../errno.js'
import type { PayloadEntry, PayloadStore } from './payload-store.js'

/** Payloads as files of a folder that API and workers share. */
export class FolderPayloadStore implements PayloadStore {
  constructor(private readonly folder: string) {}

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.write(key, (file) => file.writeFile(content))
  }

  async putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.write(key, async (file) => {
      for await (const chunk of content) await file.appendFile(chunk)
    })
  }

  async get(key: string): Promise<Buffer | null> {
    return readFile(join(this.folder, key)).catch(nullIfMissing)
  }

  async open(key: string): Promise<ReadableStream<Uint8Array> | null> {
    const path = join(this.folder, key)
    return (await this.sizeBytes(key)) === null ? null : readLazily(() => createReadStream(path))
  }

  async sizeBytes(key: string): Promise<number | null> {
    const found = await stat(join(this.folder, key)).catch(nullIfMissing)
    return found && found.size
  }

  async delete(key: string): Promise<void> {
    await rm(join(this.folder, key), { force: true })
  }

  async *list(): AsyncIterable<PayloadEntry> {
    for await (const path of filesBelow(this.folder)) {
      const written = await stat(path).catch(nullIfMissing)
      const key = relative(this.folder, path).split(sep).join('/')
      if (written) yield { key, writtenAt: written.mtimeMs }
    }
  }

  /** A crash leaves a `.tmp` file behind, which `list` shows like any other. */
  private async write(key: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
    const path = join(this.folder, key)
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await fill(file)
      await file.sync()
    } catch (error) {
      await file.close()
      await rm(temporary, { force: true })
      throw error
    }
    await file.close()
    await rename(temporary, path)
  }
}

function nullIfMissing(error: unknown): null {
  if (errnoOf(error) === 'ENOENT') return null
  throw error
}

/** Folder by folder: the recursive form of `opendir` leaves files out. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch(nullIfMissing)
  for await (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** Opens nothing before somebody reads: an answer that nobody takes holds no file open. */
function readLazily(start: () => Readable): ReadableStream<Uint8Array> {
  let file: Readable | undefined
  let chunks: AsyncIterator<Uint8Array>
  return new ReadableStream(
    {
      async pull(controller) {
        if (!file) {
          file = start()
          chunks = file[Symbol.asyncIterator]()
        }
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => void file?.destroy(),
    },
    { highWaterMark: 0 },
  )
}
