import { ServiceError } from '../errors.js'
import { type FileId, isFileId, timeOfId } from '../ids.js'
import type { FileStore } from './file-store.js'
import type { FileLimits, StoredFile } from './stored-file.js'

export interface GetFileContext {
  files: FileStore
  fileLimits: Pick<FileLimits, 'retentionMs'>
  tenant: string
  now(): number
}

/**
 * Reads what is known of a file of this tenant. One of another tenant is answered as if there were none.
 * @throws ServiceError `not_found`, or `gone` when the id is older than files are kept
 */
export async function getFile(context: GetFileContext, id: FileId): Promise<StoredFile> {
  const file = isFileId(id) ? await context.files.read(context.tenant, id) : null
  if (file && file.expiresAt > context.now()) return file
  if (isFileId(id) && timeOfId(id) < context.now() - context.fileLimits.retentionMs) {
    throw new ServiceError('gone', 'This file is older than files are kept.')
  }
  throw new ServiceError('not_found', 'There is no file with this id.')
}
