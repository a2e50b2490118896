import sharp from 'sharp'
import { InvalidInputError } from '../pipelines/pipeline.js'

/** Pixels of an image: rows from the top, channels side by side. */
export interface Pixels {
  width: number
  height: number
  channels: 1 | 3
  /** 0 to 255. */
  data: Uint8Array
}

/** What the pixels will become; far larger images are shrunk while they are decoded. */
export interface TargetImage {
  width: number
  height: number
  channels: 1 | 3
}

const mostPixels = 25_000_000
const options = { failOn: 'error', autoOrient: true, limitInputPixels: mostPixels } as const

/** Forbids every decoder of libvips but the three in use: the others only widen the way in. */
export function allowOnlyWebImages(): void {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
  })
}

/**
 * Decodes a PNG, JPEG or WebP image from a data URI or base64. Transparency becomes white, EXIF orientation is
 * applied. Throws `InvalidInputError`; an image above 25 megapixels is refused before its pixels are read.
 */
export async function decodeImage(text: string, target: TargetImage): Promise<Pixels> {
  const bytes = decodeBase64(text)
  if (!isWebImage(bytes))
    throw new InvalidInputError('image must be a PNG, JPEG or WebP, as a data URI or base64')
  const { width, height } = await readSize(bytes)
  if (width * height > mostPixels)
    throw new InvalidInputError('image must not have more than 25 million pixels')
  const { data, info } = await sharp(bytes, options)
    .flatten({ background: '#ffffff' })
    .toColourspace(target.channels === 1 ? 'b-w' : 'srgb')
    .resize(shrunk(width, target.width), shrunk(height, target.height), { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(refuseImage)
  return { width: info.width, height: info.height, channels: target.channels, data }
}

/** Magic bytes, not the type that the sender claims, say what an image is. */
function isWebImage(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12)
  return (
    start.startsWith('\x89PNG\r\n\x1a\n') || start.startsWith('\xff\xd8\xff') || /^RIFF[^]{4}WEBP/.test(start)
  )
}

function decodeBase64(text: string): Buffer {
  if (!text.startsWith('data:')) return Buffer.from(text, 'base64')
  const comma = text.indexOf(',')
  const header = text.slice(0, Math.max(comma, 0))
  if (!header.endsWith(';base64')) throw new InvalidInputError('image must be encoded as base64')
  return Buffer.from(text.slice(comma + 1), 'base64')
}

/** Width and height as they are shown, from the header alone. */
async function readSize(bytes: Buffer): Promise<{ width: number; height: number }> {
  const { autoOrient } = await sharp(bytes, { ...options, limitInputPixels: false })
    .metadata()
    .catch(refuseImage)
  return autoOrient
}

/** Up to 512 pixels, or twice the target, every pixel is averaged by us, exactly. Decoders shrink the rest cheaper. */
function shrunk(size: number, target: number): number {
  return Math.min(size, Math.max(512, 2 * target))
}

function refuseImage(): never {
  throw new InvalidInputError('image is damaged and cannot be decoded')
}
