import type { TensorSpec } from '@augur/core/models/manifest'
import type { ImageClassificationSpec } from '@augur/core/models/pipelines/image-classification'
import type { Tensor } from '../tensor.js'

/** Turns an image (rows of pixels, channels side by side, 0 to 1) into a tensor of batch size 1. */
export type ImageToTensor = (image: Float32Array) => Tensor<'float32'>

/**
 * Makes the conversion that a model's input asks for: [N, channels, height, width], [N, height, width, channels],
 * [N, height, width] or [N, all of them]. Undefined for any other shape.
 */
export function imageToTensor(
  { shape }: TensorSpec,
  { image: { width, height, channels }, normalise }: ImageClassificationSpec,
): ImageToTensor | undefined {
  if (!shape) return undefined
  const pixels = width * height
  const isPlanar = shapeFits(shape, [channels, height, width])
  const dims = [[channels, height, width], [height, width, channels], [pixels * channels]].find((row) =>
    shapeFits(shape, row),
  )
  const row = dims ?? (channels === 1 && shapeFits(shape, [height, width]) ? [height, width] : undefined)
  if (!row) return undefined
  return (image) => {
    const data = new Float32Array(image.length)
    for (let channel = 0; channel < channels; channel++) {
      const mean = normalise.mean[channel] ?? normalise.mean[0] ?? 0
      const std = normalise.std[channel] ?? normalise.std[0] ?? 1
      for (let pixel = 0; pixel < pixels; pixel++) {
        const target = isPlanar ? channel * pixels + pixel : pixel * channels + channel
        data[target] = ((image[pixel * channels + channel] ?? 0) - mean) / std
      }
    }
    return { type: 'float32', dims: [1, ...row], data }
  }
}

/** The first dimension is the batch axis, open or 1. */
function shapeFits([batch, ...rest]: (number | string)[], row: number[]): boolean {
  if (typeof batch === 'number' && batch !== 1) return false
  return (
    rest.length === row.length && rest.every((size, axis) => typeof size === 'string' || size === row[axis])
  )
}
