import { newIdempotencyKey } from './idempotency-key.js'
import type { Transport } from './transport.js'
import type { StoredFile } from './types.js'

interface UploadOptions {
  /** That of a `File` by default. */
  name?: string
  /** Kept with the file, and answered as it is. */
  metadata?: Record<string, unknown>
  signal?: AbortSignal
}

/** Files that predictions take as input: give `urls.get` where a model wants an image or a file. */
export class Files {
  constructor(private readonly transport: Transport) {}

  upload(content: Blob, { name, metadata, signal }: UploadOptions = {}): Promise<StoredFile> {
    const body = new FormData()
    // What the server reads first decides about what follows.
    if (metadata !== undefined) body.append('metadata', JSON.stringify(metadata))
    body.append('content', content, name ?? (content instanceof File ? content.name : 'file'))
    const headers = { 'idempotency-key': newIdempotencyKey() }
    return this.transport.json('/files', { method: 'POST', headers, body, signal, repeatable: true })
  }

  get(id: string): Promise<StoredFile> {
    return this.transport.json(pathOf(id))
  }

  /** All of them, newest first. */
  list(): AsyncGenerator<StoredFile> {
    return this.transport.pages('/files')
  }

  /** The bytes. */
  async download(file: StoredFile | string, { signal }: { signal?: AbortSignal } = {}): Promise<Blob> {
    const { urls } = typeof file === 'string' ? await this.get(file) : file
    const query = Object.fromEntries(new URL(urls.download).searchParams)
    const path = `${pathOf(typeof file === 'string' ? file : file.id)}/download`
    return (await this.transport.request(path, { query, signal })).blob()
  }

  async delete(id: string): Promise<void> {
    await this.transport.request(pathOf(id), { method: 'DELETE', repeatable: true })
  }
}

const pathOf = (id: string) => `/files/${encodeURIComponent(id)}`
