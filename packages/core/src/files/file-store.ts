import type { Redis } from 'ioredis'
import type { FileId } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import type { FileLimits, StoredFile } from './stored-file.js'

const scripts = {
  create: loadScript(new URL('./create-file.lua', import.meta.url)),
  remove: loadScript(new URL('./remove-file.lua', import.meta.url)),
}

/** `too_many` and `too_large`: the tenant has as much as it may have. */
export type CreateFileOutcome = 'created' | 'too_many' | 'too_large'

export interface FileUsage {
  files: number
  bytes: number
}

/** The only reader and writer of the records of files. Every record is its tenant's: nobody else's name leads to it. */
export class FileStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Notes when the file's bytes are to go, before they are written: what a crash leaves of an upload goes then, too. */
  async announce(tenant: string, id: FileId, expiresAt: number): Promise<void> {
    await this.redis.zadd(this.keys.fileExpiries, expiresAt, `${tenant}/${id}`)
  }

  /** Whether somebody has to remove the bytes at some time. */
  async isAnnounced(tenant: string, id: FileId): Promise<boolean> {
    return (await this.redis.zscore(this.keys.fileExpiries, `${tenant}/${id}`)) !== null
  }

  /** The bytes are gone; to be called last. */
  async forget(tenant: string, id: FileId): Promise<void> {
    await this.redis.zrem(this.keys.fileExpiries, `${tenant}/${id}`)
  }

  async create(file: StoredFile, limits: FileLimits): Promise<CreateFileOutcome> {
    const { maxFiles, maxTotalBytes } = limits
    const record = JSON.stringify(file)
    return runScript<CreateFileOutcome>(this.redis, scripts.create, this.keysOf(file.tenant, file.id), [
      file.id,
      record,
      file.sizeBytes,
      maxFiles,
      maxTotalBytes,
    ])
  }

  /** Null when the tenant has no such file. */
  async read(tenant: string, id: FileId): Promise<StoredFile | null> {
    const record = await this.redis.hget(this.keys.file(tenant, id), 'record')
    return record === null ? null : decode(record)
  }

  /** Newest first, those before `before` only. */
  async list(tenant: string, before: FileId | null, limit: number): Promise<StoredFile[]> {
    const from = before === null ? '+' : `(${before}`
    const key = this.keys.files(tenant)
    const ids = await this.redis.zrange(key, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
    const files = await Promise.all(ids.map((id) => this.read(tenant, id)))
    return files.filter((file) => file !== null)
  }

  /** False when there was no record. */
  async remove(tenant: string, id: FileId): Promise<boolean> {
    return (await runScript<number>(this.redis, scripts.remove, this.keysOf(tenant, id), [id])) === 1
  }

  async usage(tenant: string): Promise<FileUsage> {
    const [files, bytes] = await this.redis.hmget(this.keys.fileUsage(tenant), 'files', 'bytes')
    return { files: Number(files ?? 0), bytes: Number(bytes ?? 0) }
  }

  /** Files whose bytes are to go by now, of all tenants, those that were due first. */
  async due(nowMs: number, limit: number): Promise<{ tenant: string; id: FileId }[]> {
    const members = await this.redis.zrangebyscore(this.keys.fileExpiries, '-inf', nowMs, 'LIMIT', 0, limit)
    return members.map((member) => {
      const [tenant = '', id = ''] = member.split('/')
      return { tenant, id }
    })
  }

  private keysOf(tenant: string, id: FileId): string[] {
    return [this.keys.file(tenant, id), this.keys.files(tenant), this.keys.fileUsage(tenant)]
  }
}

/** The record's own text, written by `create` and by nobody else. */
function decode(record: string): StoredFile {
  const file: StoredFile = JSON.parse(record)
  return file
}
