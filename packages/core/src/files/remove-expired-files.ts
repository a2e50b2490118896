import type { PayloadStore } from '../payloads/payload-store.js'
import type { FileStore } from './file-store.js'
import { fileKey } from './stored-file.js'

interface ExpiryContext {
  files: FileStore
  payloadStore: PayloadStore
  now(): number
}

const pageSize = 200
const maxPages = 20

/** Removes files whose time is over, and what uploads left that came to no file. Returns how many. */
export async function removeExpiredFiles({ files, payloadStore, now }: ExpiryContext): Promise<number> {
  let removed = 0
  for (let page = 0; page < maxPages; page++) {
    const due = await files.due(now(), pageSize)
    for (const { tenant, id } of due) {
      await files.remove(tenant, id)
      await payloadStore.delete(fileKey({ tenant, contentId: id }))
      await files.forget(tenant, id)
    }
    removed += due.length
    if (due.length < pageSize) break
  }
  return removed
}
