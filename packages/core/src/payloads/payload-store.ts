/** Keeps what is too large for a record. Keys are relative paths that this program made. */
export interface PayloadStore {
  /** Atomic: a reader sees the whole payload or none. Writing a key again replaces it. */
  put(key: string, content: Uint8Array): Promise<void>
  /** Null when the key is not kept (any more). */
  get(key: string): Promise<Buffer | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
}
