import type { Redis } from 'ioredis'
import type { ModelTag } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import { tagOfFolder } from './chunk-files.js'

/** Chunks that were written and belong to no batch yet. */
export interface Upload {
  folder: string
  chunks: number
  /** Milliseconds since 1970, when the newest of them was begun. */
  writtenAt: number
}

/** Remembers what is being uploaded, so that it can be deleted should nobody finish it. */
export class BatchUploads {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async note({ folder, chunks, writtenAt }: Upload): Promise<void> {
    await this.redis.hset(this.keys.batchUploads(tagOfFolder(folder)), folder, `${chunks},${writtenAt}`)
  }

  async list(tag: ModelTag): Promise<Upload[]> {
    const fields = await this.redis.hgetall(this.keys.batchUploads(tag))
    return Object.entries(fields).map(([folder, text]) => {
      const [chunks, writtenAt] = text.split(',')
      return { folder, chunks: Number(chunks), writtenAt: Number(writtenAt) }
    })
  }

  async forget(folder: string): Promise<void> {
    await this.redis.hdel(this.keys.batchUploads(tagOfFolder(folder)), folder)
  }
}
