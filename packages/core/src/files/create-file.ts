import { ServiceError } from '../errors.js'
import type { IdempotencyKeys, IdempotentRequest } from '../idempotency.js'
import type { FileId } from '../ids.js'
import { getFile } from './get-file.js'
import { quotaExceeded, type ReceiveContext, type ReceivedContent } from './receive-content.js'
import { fileKey, type StoredFile } from './stored-file.js'

export interface CreateFileContext extends ReceiveContext {
  idempotency: IdempotencyKeys
}

export interface NewFile {
  name: string
  metadata: Record<string, unknown>
  idempotency: Pick<IdempotentRequest, 'key' | 'fingerprint'> | null
}

/**
 * Makes a file of bytes that are stored. Where it was refused, they are removed again; where nobody knows what came of
 * it, they and a record that may exist go when their time is over.
 * @throws ServiceError `quota_exceeded`, or what an `Idempotency-Key` is refused for
 */
export async function createFile(
  context: CreateFileContext,
  content: ReceivedContent,
  wanted: NewFile,
): Promise<{ file: StoredFile; replayed: boolean }> {
  try {
    const created = await createOnce(context, content, wanted)
    if (created.file.contentId !== content.contentId) await tryToDiscard(context, content)
    return created
  } catch (error) {
    // A write whose answer is missing may have been carried out: its record must not lose bytes and expiry.
    if (error instanceof ServiceError) await tryToDiscard(context, content)
    throw error
  }
}

/** Removes bytes that belong to no file. */
export async function discardContent(context: ReceiveContext, content: ReceivedContent): Promise<void> {
  await context.payloadStore.delete(fileKey(content))
  await context.files.forget(content.tenant, content.contentId)
}

/** Best effort: it is looked for when its time is over. */
async function tryToDiscard(context: ReceiveContext, content: ReceivedContent): Promise<void> {
  await discardContent(context, content).catch(() => {})
}

async function createOnce(
  context: CreateFileContext,
  content: ReceivedContent,
  { idempotency, ...wanted }: NewFile,
): Promise<{ file: StoredFile; replayed: boolean }> {
  const create = (id: FileId) => store(context, { id, ...content, ...wanted })
  if (idempotency === null) return { file: await create(content.contentId), replayed: false }
  const request = { tenant: context.tenant, ...idempotency }
  const { value, replayed } = await context.idempotency.once(request, content.contentId, context.now(), {
    create,
    existing: (id) => getFile(context, id),
  })
  return { file: value, replayed }
}

async function store(context: CreateFileContext, file: StoredFile): Promise<StoredFile> {
  const { files, fileLimits, tenant } = context
  if (file.id !== file.contentId) {
    // Somebody began to create it and may have come as far as its record.
    const existing = await files.read(tenant, file.id)
    if (existing) return existing
    await files.announce(tenant, file.id, file.expiresAt)
  }
  const { maxFiles, maxTotalBytes } = fileLimits
  const outcome = await files.create(file, fileLimits)
  if (outcome === 'created') return file
  if (outcome === 'too_many') throw quotaExceeded(fileLimits, { name: 'files', most: maxFiles })
  // Another, smaller file may fit.
  throw quotaExceeded(fileLimits, { name: 'file-bytes', most: maxTotalBytes, mayBeLeft: true })
}
