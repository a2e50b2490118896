import { isUtf8 } from 'node:buffer'

/** As much of a file as it takes to tell what it is. */
export const sniffedBytes = 512

const unknownType = 'application/octet-stream'

/** At an offset of 0, where none is given; in Latin-1. */
const signatures: readonly (readonly [start: string, type: string, at?: number])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['WEBP', 'image/webp', 8],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['BM', 'image/bmp'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
  ['ftypavif', 'image/avif', 4],
  ['ftypheic', 'image/heic', 4],
  ['ftyp', 'video/mp4', 4],
  ['WAVE', 'audio/wav', 8],
  ['OggS', 'audio/ogg'],
  ['fLaC', 'audio/flac'],
  ['ID3', 'audio/mpeg'],
  ['%PDF-', 'application/pdf'],
  ['PK\x03\x04', 'application/zip'],
  ['\x1f\x8b', 'application/gzip'],
  ['PAR1', 'application/vnd.apache.parquet'],
]

/** Types of text that a browser shows and does not run. */
const plainTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/jsonl',
  'application/x-ndjson',
  'text/csv',
  'text/markdown',
  'text/plain',
])

/**
 * The media type of a file by its first bytes. What the sender declared decides only between kinds of plain text: senders
 * often do not know, and some lie.
 */
export function sniffMediaType(start: Buffer, declared: string): string {
  const text = start.toString('latin1')
  const known = signatures.find(([signature, , at = 0]) => text.startsWith(signature, at))
  if (known) return known[1]
  if (!isText(start)) return unknownType
  const [type = ''] = declared.toLowerCase().split(';', 1)
  return plainTypes.has(type.trim()) ? type.trim() : 'text/plain'
}

/** UTF-8 without control characters; the last character may be cut off. */
function isText(start: Buffer): boolean {
  if (start.length === 0 || start.some((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127))
    return false
  const ends = start.length < sniffedBytes ? [0] : [0, 1, 2, 3]
  return ends.some((cut) => isUtf8(start.subarray(0, start.length - cut)))
}

/** Whether a list such as `image/*, application/pdf` holds the type; an empty list holds all. */
export function isTypeListed(type: string, list: readonly string[]): boolean {
  return list.length === 0 || list.includes(type) || list.includes(`${type.split('/', 1)[0]}/*`)
}
