import { isUtf8 } from 'node:buffer'
import type { ElementType } from '../models/manifest.js'
import { fromHalf, toHalf } from './float16.js'

/** An element as JSON holds it: 64-bit integers beyond 2^53, NaN and the infinities are strings. */
export type JsonElement = number | string | boolean

/** Bytes of one element; undefined for strings, which differ. */
export const elementBytes: { [Type in Exclude<ElementType, 'string'>]: number } & { string: undefined } = {
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  string: undefined,
}

const stringHeaderBytes = 4

/**
 * Says why bytes are not `count` elements, or undefined. Elements lie one after the other, little-endian; a bool is a
 * byte, 0 or 1; a string is its length in 4 bytes and its UTF-8.
 */
export function findBytesProblem(type: ElementType, bytes: Buffer, count: number): string | undefined {
  const size = elementBytes[type]
  if (size === undefined) return findStringsProblem(bytes, count)
  if (bytes.length !== size * count) return `must hold exactly ${size * count} bytes`
  if (type === 'bool' && bytes.some((byte) => byte > 1)) return 'must hold booleans as bytes of 0 or 1'
  return undefined
}

/**
 * The elements that bytes stand for, as JSON holds them.
 * @throws RangeError for bytes that do not come out even
 */
export function bytesToElements(type: ElementType, bytes: Uint8Array): JsonElement[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (type === 'string') return readStrings(buffer)
  const size = elementBytes[type]
  if (buffer.length % size !== 0) throw new RangeError(`bytes do not come out even in elements of ${size}`)
  const read = readers[type]
  return Array.from({ length: buffer.length / size }, (_, index) => read(buffer, index * size))
}

/** The bytes of elements that are valid for the type. */
export function elementsToBytes(type: ElementType, elements: readonly JsonElement[]): Buffer {
  if (type === 'string') return writeStrings(elements.map(String))
  const size = elementBytes[type]
  const buffer = Buffer.alloc(elements.length * size)
  const write = writers[type]
  for (const [index, element] of elements.entries()) write(buffer, element, index * size)
  return buffer
}

type Reader = (buffer: Buffer, offset: number) => JsonElement
type Writer = (buffer: Buffer, element: JsonElement, offset: number) => void
type NumericType = Exclude<ElementType, 'string'>

const readers: Record<NumericType, Reader> = {
  float16: (buffer, at) => jsonFloat(fromHalf(buffer.readUInt16LE(at))),
  float32: (buffer, at) => jsonFloat(buffer.readFloatLE(at)),
  float64: (buffer, at) => jsonFloat(buffer.readDoubleLE(at)),
  int8: (buffer, at) => buffer.readInt8(at),
  int16: (buffer, at) => buffer.readInt16LE(at),
  int32: (buffer, at) => buffer.readInt32LE(at),
  int64: (buffer, at) => jsonInteger(buffer.readBigInt64LE(at)),
  uint8: (buffer, at) => buffer.readUInt8(at),
  uint16: (buffer, at) => buffer.readUInt16LE(at),
  uint32: (buffer, at) => buffer.readUInt32LE(at),
  uint64: (buffer, at) => jsonInteger(buffer.readBigUInt64LE(at)),
  bool: (buffer, at) => buffer.readUInt8(at) !== 0,
}

const writers: Record<NumericType, Writer> = {
  float16: (buffer, element, at) => buffer.writeUInt16LE(toHalf(Number(element)), at),
  float32: (buffer, element, at) => buffer.writeFloatLE(Number(element), at),
  float64: (buffer, element, at) => buffer.writeDoubleLE(Number(element), at),
  int8: (buffer, element, at) => buffer.writeInt8(Number(element), at),
  int16: (buffer, element, at) => buffer.writeInt16LE(Number(element), at),
  int32: (buffer, element, at) => buffer.writeInt32LE(Number(element), at),
  int64: (buffer, element, at) => buffer.writeBigInt64LE(BigInt(element), at),
  uint8: (buffer, element, at) => buffer.writeUInt8(Number(element), at),
  uint16: (buffer, element, at) => buffer.writeUInt16LE(Number(element), at),
  uint32: (buffer, element, at) => buffer.writeUInt32LE(Number(element), at),
  uint64: (buffer, element, at) => buffer.writeBigUInt64LE(BigInt(element), at),
  bool: (buffer, element, at) => buffer.writeUInt8(Number(element), at),
}

/** A float as JSON holds it. */
export function jsonFloat(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

/** A 64-bit integer as JSON holds it. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

function findStringsProblem(buffer: Buffer, count: number): string | undefined {
  let offset = 0
  let found = 0
  while (offset < buffer.length && found < count) {
    const end = stringEnd(buffer, offset)
    if (end > buffer.length) break
    const text = buffer.subarray(offset + stringHeaderBytes, end)
    // onnxruntime-node would end the string there.
    if (!isUtf8(text) || text.includes(0)) return 'must hold strings in UTF-8 without U+0000'
    offset = end
    found++
  }
  if (offset === buffer.length && found === count) return undefined
  return `must hold exactly ${count} strings, each as its length in 4 bytes and its UTF-8`
}

/** Infinity where not even the length is whole. */
function stringEnd(buffer: Buffer, offset: number): number {
  if (offset + stringHeaderBytes > buffer.length) return Number.POSITIVE_INFINITY
  return offset + stringHeaderBytes + buffer.readUInt32LE(offset)
}

function readStrings(buffer: Buffer): string[] {
  const strings: string[] = []
  for (let offset = 0; offset < buffer.length; ) {
    const end = stringEnd(buffer, offset)
    if (end > buffer.length) throw new RangeError('bytes end within a string')
    strings.push(buffer.toString('utf8', offset + stringHeaderBytes, end))
    offset = end
  }
  return strings
}

function writeStrings(strings: readonly string[]): Buffer {
  const parts = strings.flatMap((text) => {
    const bytes = Buffer.from(text)
    const header = Buffer.alloc(stringHeaderBytes)
    header.writeUInt32LE(bytes.length)
    return [header, bytes]
  })
  return Buffer.concat(parts)
}
