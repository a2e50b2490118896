import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { averageArea } from './average-area.js'
import { allowOnlyWebImages, decodeImage } from './decode-image.js'

const grey8 = { width: 8, height: 8, channels: 1 } as const
const rgb4 = { width: 4, height: 4, channels: 3 } as const
/** 8 × 8 pixels, 0 to 255. */
const digit = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37) % 256))

beforeAll(allowOnlyWebImages)

/** A picture of the 8 × 8 pixels, each enlarged to a square of `scale` pixels. */
function enlarge(scale: number): Sharp {
  const side = 8 * scale
  const data = Buffer.alloc(side * side)
  for (let index = 0; index < data.length; index++) {
    data[index] = digit[Math.floor(index / side / scale) * 8 + Math.floor((index % side) / scale)] ?? 0
  }
  return sharp(data, { raw: { width: side, height: side, channels: 1 } })
}

async function decode(image: Sharp | Buffer, target: Parameters<typeof decodeImage>[1] = grey8) {
  const bytes = Buffer.isBuffer(image) ? image : await image.toBuffer()
  return averageArea(await decodeImage(bytes.toString('base64'), target), target)
}

/** Largest distance from the 8 × 8 pixels, of 1. */
function distance(values: Float32Array): number {
  return Math.max(...values.map((value, index) => Math.abs(value - (digit[index] ?? 0) / 255)))
}

describe('an enlarged image comes back as it was', () => {
  test.each([1, 8, 33, 64])('%d times, exactly, as PNG and lossless WebP', async (scale) => {
    expect(distance(await decode(enlarge(scale).png()))).toBeLessThan(1e-6)
    expect(distance(await decode(enlarge(scale).webp({ lossless: true })))).toBeLessThan(1e-6)
  })

  test('8 times as JPEG, and 100 times, almost', async () => {
    expect(distance(await decode(enlarge(8).jpeg({ quality: 95 })))).toBeLessThan(0.02)
    expect(distance(await decode(enlarge(100).png()))).toBeLessThan(0.02)
  })

  test('with 16 bits, with three channels, and with a palette', async () => {
    expect(distance(await decode(enlarge(8).toColourspace('grey16').png()))).toBeLessThan(0.005)
    expect(distance(await decode(enlarge(8).toColourspace('srgb').png()))).toBeLessThan(1e-6)
    expect(distance(await decode(enlarge(8).png({ palette: true })))).toBeLessThan(0.01)
  })
})

describe('what the pixels mean', () => {
  test('transparency is white', async () => {
    const clear = { r: 0, g: 0, b: 0, alpha: 0 }
    const image = sharp({ create: { width: 4, height: 4, channels: 4, background: clear } }).png()
    expect(await decode(image, rgb4)).toEqual(new Float32Array(48).fill(1))
  })

  test('a grey image fills all three channels', async () => {
    const values = await decode(enlarge(1).png(), { ...grey8, channels: 3 })
    expect(distance(values.filter((_, index) => index % 3 === 2))).toBeLessThan(1e-6)
  })

  test('colours stay in the order red, green, blue', async () => {
    const image = sharp({
      create: { width: 9, height: 5, channels: 3, background: { r: 255, g: 51, b: 0 } },
    }).png()
    const [red = 0, green = 0, blue = 0] = await decode(image, rgb4)
    expect([red, green, blue].map((value) => Math.round(value * 255))).toEqual([255, 51, 0])
  })

  test('the four inks of print become red, green and blue', async () => {
    const background = { r: 255, g: 0, b: 0 }
    const print = sharp({ create: { width: 16, height: 16, channels: 3, background } })
    const bytes = await print.toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    const [red = 0, green = 1, blue = 1] = await decode(bytes, rgb4)
    expect(red).toBeGreaterThan(0.85)
    expect(Math.max(green, blue)).toBeLessThan(0.15)
  })

  test('the orientation that a camera noted is applied', async () => {
    const upright = await decode(enlarge(8).rotate(90).png())
    const noted = await decode(enlarge(8).withMetadata({ orientation: 6 }).png())
    expect(noted).toEqual(upright)
  })
})

describe('what is no image is refused', () => {
  const refused = (message: string) =>
    expect.objectContaining({ name: 'InvalidInputError', message: expect.stringContaining(message) })

  test('a data URI of any image type is decoded by its content', async () => {
    const png = (await enlarge(1).png().toBuffer()).toString('base64')
    const { data } = await decodeImage(`data:image/jpeg;base64,${png}`, grey8)
    expect(Buffer.from(data)).toEqual(digit)
    await expect(decodeImage(`data:image/png,${png}`, grey8)).rejects.toEqual(refused('base64'))
  })

  test.each(['', 'hello', 'https://example.com/a.png', 'data:', '!!!!'])('%j', async (text) => {
    await expect(decodeImage(text, grey8)).rejects.toEqual(
      refused(text === 'data:' ? 'base64' : 'PNG, JPEG or WebP'),
    )
  })

  test('formats other than PNG, JPEG and WebP', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
    await expect(decode(svg)).rejects.toEqual(refused('PNG, JPEG or WebP'))
    await expect(decode(enlarge(1).gif())).rejects.toEqual(refused('PNG, JPEG or WebP'))
    await expect(decode(enlarge(1).tiff())).rejects.toEqual(refused('PNG, JPEG or WebP'))
    await expect(sharp(svg).metadata()).rejects.toThrow('unsupported')
  })

  test('a PNG that breaks off', async () => {
    const png = await enlarge(64).png().toBuffer()
    await expect(decode(png.subarray(0, png.length / 2))).rejects.toEqual(refused('damaged'))
    await expect(decode(png.subarray(0, 20))).rejects.toEqual(refused('damaged'))
  })

  test('more pixels than the operator allows, also where that is less', async () => {
    const image = (await enlarge(2).png().toBuffer()).toString('base64')
    await expect(decodeImage(image, grey8, 255)).rejects.toEqual(refused('255 pixels'))
    expect(await decodeImage(image, grey8, 256)).toMatchObject({ width: 16, height: 16 })
  })

  test('more than 16,384 pixels along a side, and an animation', async () => {
    const strip = { create: { width: 16_385, height: 1, channels: 3, background: '#000' } } as const
    await expect(decode(sharp(strip).png())).rejects.toEqual(refused('16384'))
    const frames = await Promise.all([0, 90].map((angle) => enlarge(1).rotate(angle).png().toBuffer()))
    const animated = sharp(frames, { join: { animated: true } }).webp()
    await expect(decode(animated)).rejects.toEqual(refused('animated'))
  })

  test('more than 25 megapixels, by the header alone', async () => {
    // Without any pixels behind the header: to decode them would fail in another way.
    await expect(decode(pngWithoutPixels(16_383, 16_383))).rejects.toEqual(refused('25000000 pixels'))
    await expect(decode(pngWithoutPixels(5_000, 5_000))).rejects.toEqual(refused('damaged'))
  })
})

function pngWithoutPixels(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync('')),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const around = Buffer.alloc(8)
  around.writeUInt32BE(data.length, 0)
  around.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)])
}
