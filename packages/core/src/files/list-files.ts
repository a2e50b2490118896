import type { FileId } from '../ids.js'
import type { GetFileContext } from './get-file.js'
import type { StoredFile } from './stored-file.js'

export interface FilePage {
  files: StoredFile[]
  /** The page after this one lists what came before this id; null when there is none. */
  next: FileId | null
}

/** A tenant's files, newest first. */
export async function listFiles(
  context: GetFileContext,
  before: FileId | null,
  limit: number,
): Promise<FilePage> {
  // One more than asked for tells whether there is a next page.
  const found = await context.files.list(context.tenant, before, limit + 1)
  const page = found.slice(0, limit)
  const next = found.length > limit ? (page.at(-1)?.id ?? null) : null
  return { files: page.filter(({ expiresAt }) => expiresAt > context.now()), next }
}
