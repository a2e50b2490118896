import type { FileId } from '../ids.js'

/** What is known of a file that somebody uploaded; its bytes are in the payload store. */
export interface StoredFile {
  id: FileId
  /** Under which the payload store keeps its bytes: its own id, but where an upload was repeated with the same key. */
  contentId: FileId
  tenant: string
  /** As its sender called it, without folders. */
  name: string
  /** By its first bytes where they tell, never a type that a browser would run. */
  contentType: string
  sizeBytes: number
  /** Lower-case hex, as is `md5`. */
  sha256: string
  md5: string
  /** Whatever its sender wants to find again. */
  metadata: Record<string, unknown>
  /** Milliseconds since 1970, as is `expiresAt`. */
  createdAt: number
  expiresAt: number
}

/** What a tenant may keep. */
export interface FileLimits {
  maxBytes: number
  maxFiles: number
  maxTotalBytes: number
  /** Media types such as `image/*` that are taken; all where there is none. */
  types: readonly string[]
  retentionMs: number
}

/** Where the payload store keeps the bytes of a file. */
export function fileKey({ tenant, contentId }: Pick<StoredFile, 'tenant' | 'contentId'>): string {
  return `files/${tenant}/${contentId.slice(-2)}/${contentId}`
}
