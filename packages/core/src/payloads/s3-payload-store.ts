import { S3mini, S3ServiceError } from 's3mini'
import { createGuardedFetch } from '../outbound/guarded-fetch.js'
import { createTrustedAgent } from '../outbound/trusted-agent.js'
import type { PayloadEntry, PayloadStore } from './payload-store.js'

export interface S3StoreSettings {
  bucket: string
  /** What every key begins with; empty, or with a slash at its end. */
  prefix: string
  /** `http://` or `https://`, without the bucket. */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}

const partBytes = 8 * 1024 * 1024
const pageSize = 1000
/** A store that is silent for so long is taken for one that cannot be reached. */
const requestTimeoutMs = 30_000
const contentType = 'application/octet-stream'

/** The store answered with an error, or not at all. `message` holds no address, no key and no signature. */
export class PayloadStoreError extends Error {
  override readonly name = 'PayloadStoreError'
}

/** Payloads as objects of an S3-compatible bucket, which API and workers reach from wherever they run. */
export class S3PayloadStore implements PayloadStore {
  private readonly client: S3mini
  /** Without a limit of time, which would count for all of a body that a slow reader takes. */
  private readonly streaming: S3mini
  private readonly prefix: string

  constructor({ bucket, prefix, endpoint, ...access }: S3StoreSettings) {
    const fetch = createGuardedFetch(createTrustedAgent(endpoint))
    const root = { ...access, fetch, endpoint: `${endpoint.replace(/\/+$/, '')}/${bucket}` }
    this.client = new S3mini({ ...root, requestAbortTimeout: requestTimeoutMs })
    this.streaming = new S3mini(root)
    this.prefix = prefix
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    await answered('written', () => this.client.putObject(this.prefix + key, content, contentType))
  }

  async putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const parts = inParts(content, partBytes)
    const first = await parts.next()
    const second = first.done ? first : await parts.next()
    if (second.done) return this.put(key, first.value ?? Buffer.alloc(0))
    await this.putParts(this.prefix + key, [first.value ?? Buffer.alloc(0), second.value], parts)
  }

  async get(key: string): Promise<Buffer | null> {
    const content = await answered('read', () => this.client.getObjectArrayBuffer(this.prefix + key))
    return content && Buffer.from(content)
  }

  async open(key: string): Promise<ReadableStream<Uint8Array> | null> {
    const response = await answered('read', () => this.streaming.getObjectResponse(this.prefix + key))
    return response && (response.body ?? new Response('').body)
  }

  async sizeBytes(key: string): Promise<number | null> {
    return answered('read', () => this.client.getContentLength(this.prefix + key).catch(nullIfMissing))
  }

  async delete(key: string): Promise<void> {
    await answered('deleted', () => this.client.deleteObject(this.prefix + key))
  }

  async *list(): AsyncIterable<PayloadEntry> {
    let token: string | undefined
    do {
      const page = await answered('listed', () =>
        this.client.listObjectsPaged('/', this.prefix, pageSize, token),
      )
      for (const { Key: key, LastModified: written } of page?.objects ?? []) {
        yield { key: key.slice(this.prefix.length), writtenAt: new Date(written).getTime() }
      }
      token = page?.nextContinuationToken
    } while (token !== undefined)
  }

  private async putParts(
    name: string,
    held: readonly Uint8Array[],
    more: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const upload = await answered('written', () => this.client.getMultipartUploadId(name, contentType))
    const done: { partNumber: number; etag: string }[] = []
    const send = async (part: Uint8Array) => {
      const number = done.length + 1
      done.push(await answered('written', () => this.client.uploadPart(name, upload, part, number)))
    }
    try {
      for (const part of held) await send(part)
      for await (const part of more) await send(part)
      await answered('written', () => this.client.completeMultipartUpload(name, upload, done))
    } catch (error) {
      // What cannot be aborted either is left to the bucket's rule for unfinished uploads.
      await this.client.abortMultipartUpload(name, upload).catch(() => {})
      throw error
    }
  }
}

/** Joins and cuts chunks to parts of that size; the last one may be shorter. */
async function* inParts(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = []
  let held = 0
  for await (const chunk of content) {
    chunks.push(chunk)
    held += chunk.length
    if (held < size) continue
    const joined = Buffer.concat(chunks)
    let at = 0
    for (; joined.length - at >= size; at += size) yield joined.subarray(at, at + size)
    chunks = [joined.subarray(at)]
    held = joined.length - at
  }
  if (held > 0) yield Buffer.concat(chunks)
}

function nullIfMissing(error: unknown): null {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof S3ServiceError)) throw error
  if (cause.status !== 404) throw cause
  return null
}

async function answered<T>(done: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    const detail = cause instanceof S3ServiceError ? ` (${cause.status} ${cause.serviceCode ?? ''})` : ''
    throw new PayloadStoreError(`A payload could not be ${done} in the S3 store${detail}.`, { cause })
  }
}
