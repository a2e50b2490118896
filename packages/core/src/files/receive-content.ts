import { createHash } from 'node:crypto'
import { type Quota, ServiceError } from '../errors.js'
import { newFileId } from '../ids.js'
import type { PayloadStore } from '../payloads/payload-store.js'
import type { FileStore } from './file-store.js'
import { isTypeListed, sniffedBytes, sniffMediaType } from './sniff-media-type.js'
import { fileKey, type FileLimits, type StoredFile } from './stored-file.js'

export interface ReceiveContext {
  files: FileStore
  payloadStore: PayloadStore
  fileLimits: FileLimits
  tenant: string
  now(): number
}

/** Bytes that are stored and belong to no file yet. */
export type ReceivedContent = Pick<
  StoredFile,
  'tenant' | 'contentId' | 'contentType' | 'sizeBytes' | 'sha256' | 'md5' | 'createdAt' | 'expiresAt'
>

/**
 * Takes the bytes of a new file as they come. What is not made into a file afterwards goes when its time is over.
 * @throws ServiceError `payload_too_large`, `unsupported_media_type` or `quota_exceeded`, or what `content` throws
 */
export async function receiveContent(
  context: ReceiveContext,
  content: AsyncIterable<Uint8Array>,
  declaredType: string,
): Promise<ReceivedContent> {
  const { files, payloadStore, fileLimits, tenant } = context
  await refuseFull(context)
  const createdAt = context.now()
  const contentId = newFileId(createdAt)
  const expiresAt = createdAt + fileLimits.retentionMs
  const meter = new ContentMeter(fileLimits, declaredType)
  await files.announce(tenant, contentId, expiresAt)
  try {
    await payloadStore.putStream(fileKey({ tenant, contentId }), meter.through(content))
  } catch (error) {
    // Best effort: it is looked for when its time is over.
    await files.forget(tenant, contentId).catch(() => {})
    throw error
  }
  return { tenant, contentId, ...meter.result(), createdAt, expiresAt }
}

/** Before anything is written; the count is exact only when the file is made. */
async function refuseFull({ files, tenant, fileLimits }: ReceiveContext): Promise<void> {
  const usage = await files.usage(tenant)
  const { maxFiles, maxTotalBytes } = fileLimits
  if (usage.files >= maxFiles) throw quotaExceeded(fileLimits, { name: 'files', most: maxFiles })
  if (usage.bytes >= maxTotalBytes)
    throw quotaExceeded(fileLimits, { name: 'file-bytes', most: maxTotalBytes })
}

/** The answer where a tenant has as many files, or as many bytes in files, as it may have. */
export function quotaExceeded({ maxFiles, maxTotalBytes }: FileLimits, quota: Quota): ServiceError {
  const detail = `A tenant may keep ${maxFiles} files of ${maxTotalBytes} bytes together.`
  return new ServiceError('quota_exceeded', detail, { retryAfterSeconds: 60, quota })
}

export function fileTooLarge(maxBytes: number): ServiceError {
  return new ServiceError('payload_too_large', `A file must not be larger than ${maxBytes} bytes.`)
}

/** Measures what goes through it, and ends it where the limits do. */
class ContentMeter {
  private readonly sha256 = createHash('sha256')
  private readonly md5 = createHash('md5')
  private sizeBytes = 0
  private start = Buffer.alloc(0)
  private contentType: string | undefined

  constructor(
    private readonly limits: FileLimits,
    private readonly declaredType: string,
  ) {}

  async *through(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.take(chunk)
      yield chunk
    }
    this.sniff()
  }

  result(): Pick<StoredFile, 'contentType' | 'sizeBytes' | 'sha256' | 'md5'> {
    const { sizeBytes } = this
    const digests = { sha256: this.sha256.digest('hex'), md5: this.md5.digest('hex') }
    return { contentType: this.sniff(), sizeBytes, ...digests }
  }

  private take(chunk: Uint8Array): void {
    const { maxBytes } = this.limits
    this.sizeBytes += chunk.length
    if (this.sizeBytes > maxBytes) throw fileTooLarge(maxBytes)
    this.sha256.update(chunk)
    this.md5.update(chunk)
    if (this.start.length >= sniffedBytes) return
    this.start = Buffer.concat([this.start, chunk.subarray(0, sniffedBytes - this.start.length)])
    if (this.start.length >= sniffedBytes) this.sniff()
  }

  private sniff(): string {
    if (this.contentType !== undefined) return this.contentType
    const { types } = this.limits
    const type = sniffMediaType(this.start, this.declaredType)
    if (!isTypeListed(type, types))
      throw new ServiceError('unsupported_media_type', `Files must be ${types.join(', ')}; this is ${type}.`)
    this.contentType = type
    return type
  }
}
