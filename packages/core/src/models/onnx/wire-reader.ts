import type { FileHandle } from 'node:fs/promises'

/** The bytes are no protobuf message, or one beyond the limits below. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Where bytes come from. */
export interface ByteSource {
  readonly size: number
  /** Copies bytes from `position` on into `target`; gives how many, 0 only at the end. */
  read(target: Buffer, position: number): Promise<number>
}

/** What follows a field's number: the value of an integer, the end of a length-delimited one, or neither. */
export interface WireValue {
  integer?: number
  end?: number
}

type Visit = (field: number, value: WireValue) => Promise<void> | undefined

const windowBytes = 128 * 1024
const firstReadBytes = 4 * 1024
const maxHeaderBytes = 20
const maxTextBytes = 64 * 1024
const maxTextsBytes = 64 * 1024 * 1024
// A protobuf library stops at 100; a large language model's graph has about a million fields.
const maxDepth = 100
const maxFields = 20_000_000

/**
 * Reads protobuf messages of a file in order, and skips what nobody asks for without reading it. Holds one window of
 * the file in memory, whatever the file's size.
 */
export class WireReader {
  readonly #source: ByteSource
  readonly #buffer = Buffer.allocUnsafe(windowBytes)
  #start = 0
  #length = 0
  #position = 0
  #fields = 0
  #depth = 0
  #textBytes = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /**
   * Visits the fields from here to `end`. A visitor reads a length-delimited value with `message` or `text`, or not.
   * @throws WireError
   */
  async message(end: number, visit: Visit): Promise<void> {
    if (++this.#depth > maxDepth) throw new WireError('is nested too deeply')
    while (this.#position < end) {
      if (++this.#fields > maxFields) throw new WireError('has too many parts')
      if (!this.#holds(maxHeaderBytes)) await this.#fill(maxHeaderBytes)
      const tag = this.#tag(end)
      const value = this.#value(tag % 8, end)
      const reading = visit(Math.floor(tag / 8), value)
      if (reading) await reading
      if (value.end !== undefined) this.#position = value.end
    }
    this.#depth--
  }

  /** The text from here to `end`. */
  async text(end: number): Promise<string> {
    const length = end - this.#position
    this.#textBytes += length
    if (length > maxTextBytes) throw new WireError('holds a name that is too long')
    if (this.#textBytes > maxTextsBytes) throw new WireError('has too many parts')
    if (!this.#holds(length)) await this.#fill(length)
    const offset = this.#position - this.#start
    if (offset + length > this.#length) throw new WireError('ends in the middle')
    return this.#buffer.toString('utf8', offset, offset + length)
  }

  #holds(bytes: number): boolean {
    const offset = this.#position - this.#start
    return offset >= 0 && offset + Math.min(bytes, this.#source.size - this.#position) <= this.#length
  }

  /** Moves the window here: a little after a jump over weights, more and more where everything is read. */
  async #fill(needed: number): Promise<void> {
    const isJump = this.#position > this.#start + this.#length
    const readBytes = isJump ? firstReadBytes : Math.max(firstReadBytes, this.#length * 2)
    const wanted = Math.min(windowBytes, Math.max(needed, readBytes))
    this.#start = this.#position
    this.#length = 0
    while (this.#length < wanted) {
      const target = this.#buffer.subarray(this.#length, wanted)
      const bytes = await this.#source.read(target, this.#start + this.#length)
      if (bytes === 0) break
      this.#length += bytes
    }
  }

  /** Others read a longer tag as its lower 32 bits: what it hides from us would be a field to them. */
  #tag(end: number): number {
    const start = this.#position
    const tag = this.#varint(end)
    if (tag < 8 || tag > 0xffffffff || this.#position - start > 5)
      throw new WireError('is not a protobuf message')
    return tag
  }

  #value(wireType: number, end: number): WireValue {
    switch (wireType) {
      case 0:
        return { integer: this.#varint(end) }
      case 1:
        return { end: this.#ahead(8, end) }
      case 2:
        return { end: this.#ahead(this.#varint(end), end) }
      case 5:
        return { end: this.#ahead(4, end) }
      default:
        throw new WireError('is not a protobuf message')
    }
  }

  #ahead(bytes: number, end: number): number {
    if (bytes < 0 || this.#position + bytes > end) throw new WireError('ends in the middle')
    return this.#position + bytes
  }

  /** An integer of up to 64 bits, two's complement; beyond 2^53 it is rounded. */
  #varint(end: number): number {
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      const offset = this.#position - this.#start
      if (this.#position >= end || offset >= this.#length) throw new WireError('ends in the middle')
      const byte = this.#buffer[offset] ?? 0
      this.#position++
      // 28 bits fit a small integer; the other 36 go into a second one.
      if (index < 4) low += (byte & 127) * 2 ** (7 * index)
      else high += (byte & 127) * 2 ** (7 * (index - 4))
      if (byte < 128) return signed(low, high % 2 ** 36)
    }
    throw new WireError('is not a protobuf message')
  }
}

function signed(low: number, high: number): number {
  return high < 2 ** 35 ? high * 2 ** 28 + low : (high - 2 ** 36) * 2 ** 28 + low
}

/** Bytes of an open file, as many as it has now. */
export async function fileSource(handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat()
  return {
    size,
    async read(target, position) {
      const { bytesRead } = await handle.read(target, 0, target.length, position)
      return bytesRead
    },
  }
}
