const leastRoomBytes = 64 * 1024

/** Bytes as they come. Adding some copies those alone, however many wait for the rest of a large value. */
export class ByteQueue {
  private buffer = Buffer.alloc(0)
  private from = 0
  private to = 0

  /** All that is there. It stays as it is, whatever is added and dropped later. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.from, this.to)
  }

  add(more: Buffer): void {
    if (this.to + more.length > this.buffer.length) this.makeRoom(more.length)
    more.copy(this.buffer, this.to)
    this.to += more.length
  }

  /** Takes so many from the front. */
  take(count: number): Buffer {
    const taken = this.buffer.subarray(this.from, this.from + count)
    this.from += count
    return taken
  }

  private makeRoom(moreBytes: number): void {
    const kept = this.bytes
    this.buffer = Buffer.allocUnsafeSlow(Math.max(leastRoomBytes, 2 * (kept.length + moreBytes)))
    this.from = 0
    this.to = kept.copy(this.buffer)
  }
}
