import type { PayloadStore } from '../payloads/payload-store.js'
import type { FileId } from '../ids.js'
import { getFile, type GetFileContext } from './get-file.js'
import { fileKey, type StoredFile } from './stored-file.js'

export interface DeleteFileContext extends GetFileContext {
  payloadStore: PayloadStore
}

/**
 * Removes a file of this tenant at once. A prediction that has it for an input and has not run yet will fail.
 * @throws ServiceError as `getFile` does
 */
export async function deleteFile(context: DeleteFileContext, id: FileId): Promise<void> {
  await removeFile(context, await getFile(context, id))
}

/** The record first: from then on nobody finds the bytes, and a crash leaves no file without them. */
export async function removeFile(
  { files, payloadStore }: Pick<DeleteFileContext, 'files' | 'payloadStore'>,
  file: StoredFile,
): Promise<void> {
  await files.remove(file.tenant, file.id)
  await payloadStore.delete(fileKey(file))
  await Promise.all([...new Set([file.id, file.contentId])].map((id) => files.forget(file.tenant, id)))
}
