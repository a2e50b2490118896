import { type FileId, isFileId } from '../ids.js'

/** A URL that has the form of one of our files. */
export interface FileUrl {
  id: FileId
  /** Whether it carries what opens the file to anybody, here or at another server of this kind. */
  hasTicket: boolean
}

const shape = /^https?:\/\/[^/?#]+(?:\/[^?#]*)?\/api\/v1\/files\/([0-9a-z]+)(?:\/download)?(\?[^#]*)?$/i

/**
 * Takes a URL for one of our files, by its path: callers reach the server under names that it does not know. Who looks
 * the id up among a tenant's own files finds no other server's, for ids are random.
 */
export function parseFileUrl(url: string): FileUrl | null {
  const [, id = '', query = ''] = shape.exec(url) ?? []
  return isFileId(id) ? { id, hasTicket: new URLSearchParams(query).has('ticket') } : null
}
