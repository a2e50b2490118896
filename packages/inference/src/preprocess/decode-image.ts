import { base64Of, findImageProblem } from '@augur/core/models/inputs/web-image'
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

const usualMaxPixels = 25_000_000
/** A strip of a million pixels by twenty takes a hundred times as long as a square of the same area. */
const longestSide = 16_384
const options = { failOn: 'error', autoOrient: true } as const

/** Forbids every decoder of libvips but the three in use: the others only widen the way in. */
export function allowOnlyWebImages(): void {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
  })
}

/**
 * Decodes a PNG, JPEG or WebP image from a data URI or base64. Transparency becomes white, EXIF orientation is
 * applied. Throws `InvalidInputError`; one that is animated or too large before its pixels are read.
 */
export async function decodeImage(
  text: string,
  target: TargetImage,
  maxPixels = usualMaxPixels,
): Promise<Pixels> {
  const problem = findImageProblem(text)
  if (problem) throw new InvalidInputError(`image ${problem}`)
  const bytes = Buffer.from(base64Of(text) ?? '', 'base64')
  const { width, height } = await readSize(bytes, maxPixels)
  const { data, info } = await sharp(bytes, { ...options, limitInputPixels: maxPixels })
    .flatten({ background: '#ffffff' })
    .toColourspace(target.channels === 1 ? 'b-w' : 'srgb')
    .resize(shrunk(width, target.width), shrunk(height, target.height), { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(refuseImage)
  return { width: info.width, height: info.height, channels: target.channels, data }
}

/** Width and height as they are shown. Refuses by the header alone what would cost too much, or is no single image. */
async function readSize(bytes: Buffer, maxPixels: number): Promise<{ width: number; height: number }> {
  const { autoOrient, pages = 1 } = await sharp(bytes, { ...options, limitInputPixels: false })
    .metadata()
    .catch(refuseImage)
  const { width, height } = autoOrient
  if (width * height > maxPixels)
    throw new InvalidInputError(`image must not have more than ${maxPixels} pixels`)
  if (Math.max(width, height) > longestSide)
    throw new InvalidInputError(`image must not be wider or higher than ${longestSide} pixels`)
  if (pages > 1) throw new InvalidInputError('image must not be animated')
  return { width, height }
}

/** Up to 512 pixels, or twice the target, every pixel is averaged by us, exactly. Decoders shrink the rest cheaper. */
function shrunk(size: number, target: number): number {
  return Math.min(size, Math.max(512, 2 * target))
}

function refuseImage(): never {
  throw new InvalidInputError('image is damaged and cannot be decoded')
}
