import { crc32, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodePng } from './png.js'

interface Chunk {
  type: string
  data: Buffer
  checksumFits: boolean
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const end = at + 8 + length
    chunks.push({
      type: file.toString('latin1', at + 4, at + 8),
      data: file.subarray(at + 8, end),
      checksumFits: crc32(file.subarray(at + 4, end)) === file.readUInt32BE(end),
    })
    at = end + 4
  }
  return chunks
}

const images = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain(({ width, height }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      pixels: fc.uint8Array({ minLength: width * height, maxLength: width * height }),
    }),
  )

test('a file holds its chunks in order, each with the checksum of its bytes', () => {
  fc.assert(
    fc.property(images, (image) => {
      const file = encodePng(image)
      expect(file.toString('latin1', 0, 8)).toBe('\x89PNG\r\n\x1a\n')
      expect(chunksOf(file).map(({ type, checksumFits }) => [type, checksumFits])).toEqual([
        ['IHDR', true],
        ['IDAT', true],
        ['IEND', true],
      ])
    }),
  )
})

test('the header says size and kind, and every pixel is read back', () => {
  fc.assert(
    fc.property(images, (image) => {
      const { width, height, pixels } = image
      const [head, body] = chunksOf(encodePng(image))
      expect([head?.data.readUInt32BE(0), head?.data.readUInt32BE(4)]).toEqual([width, height])
      expect([...(head?.data.subarray(8) ?? [])]).toEqual([8, 0, 0, 0, 0])
      const rows = inflateSync(body?.data ?? Buffer.alloc(0))
      expect(rows.length).toBe((width + 1) * height)
      for (let y = 0; y < height; y++) {
        const row = rows.subarray(y * (width + 1), (y + 1) * (width + 1))
        expect([...row]).toEqual([0, ...pixels.subarray(y * width, (y + 1) * width)])
      }
    }),
  )
})
