import { crc32, deflateSync } from 'node:zlib'

export interface GreyImage {
  width: number
  height: number
  /** Row by row from the top, 0 black to 255 white. */
  pixels: Uint8Array
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12)
  framed.writeUInt32BE(data.length, 0)
  framed.write(type, 4, 'latin1')
  framed.set(data, 8)
  framed.writeUInt32BE(crc32(framed.subarray(4, -4)), data.length + 8)
  return framed
}

function header({ width, height }: GreyImage): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  // 8 bits a pixel; the zeros after it stand for grey, and for the only compression, filtering and order of rows.
  data.writeUInt8(8, 8)
  return data
}

/** The file of an 8-bit grey image. */
export function encodePng(image: GreyImage): Buffer {
  const { width, height, pixels } = image
  const rows = Buffer.alloc((width + 1) * height)
  // The byte before each row names its filter: 0 for none.
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const parts = [
    chunk('IHDR', header(image)),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([signature, ...parts])
}
