/** What is kept, without its content. */
export interface PayloadEntry {
  key: string
  /** When its newest content was written; milliseconds since 1970. */
  writtenAt: number
}

/** Keeps what is too large for a record. Keys are relative paths that this program made. */
export interface PayloadStore {
  /** Atomic: a reader sees the whole payload or none. Writing a key again replaces it. */
  put(key: string, content: Uint8Array): Promise<void>
  /** Like `put`, holding a few MiB of it at a time. When `content` throws, nothing is kept and the error is passed on. */
  putStream(key: string, content: AsyncIterable<Uint8Array>): Promise<void>
  /** Null when the key is not kept (any more). */
  get(key: string): Promise<Buffer | null>
  /** The content as it comes, or null. Who opens it reads it to its end or cancels it. */
  open(key: string): Promise<ReadableStream<Uint8Array> | null>
  /** Length of the content, or null. */
  sizeBytes(key: string): Promise<number | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** All there is, in no order; what is written or deleted meanwhile may be among it or not. */
  list(): AsyncIterable<PayloadEntry>
}
