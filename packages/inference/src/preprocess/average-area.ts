import type { Pixels, TargetImage } from './decode-image.js'

/** The part of a source axis that one target pixel covers; the first and last source pixel may be covered in part. */
interface Span {
  first: number
  weights: number[]
}

/**
 * Resizes by averaging the area that each new pixel covers, so that an enlarged image comes back as it was.
 * Gives rows of pixels with their channels side by side, 0 to 1.
 */
export function averageArea(source: Pixels, { width, height, channels }: TargetImage): Float32Array {
  const columns = spansOf(source.width, width)
  const rows = spansOf(source.height, height)
  const narrow = new Float32Array(source.height * width * channels)
  for (let y = 0; y < source.height; y++) {
    const line = source.data.subarray(y * source.width * channels, (y + 1) * source.width * channels)
    averageLine(line, columns, channels, narrow.subarray(y * width * channels))
  }
  return averageRows(narrow, rows, width * channels)
}

function averageLine(line: Uint8Array, columns: Span[], channels: number, target: Float32Array): void {
  for (const [x, { first, weights }] of columns.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let i = 0; i < weights.length; i++) {
        sum += (weights[i] ?? 0) * (line[(first + i) * channels + channel] ?? 0)
      }
      target[x * channels + channel] = sum / 255
    }
  }
}

function averageRows(narrow: Float32Array, rows: Span[], lineLength: number): Float32Array {
  const target = new Float32Array(rows.length * lineLength)
  for (const [y, { first, weights }] of rows.entries()) {
    for (const [i, weight] of weights.entries()) {
      const from = (first + i) * lineLength
      for (let x = 0; x < lineLength; x++) {
        target[y * lineLength + x] = (target[y * lineLength + x] ?? 0) + weight * (narrow[from + x] ?? 0)
      }
    }
  }
  return target
}

/** The weights of each span sum to 1. */
function spansOf(source: number, target: number): Span[] {
  const step = source / target
  return Array.from({ length: target }, (_, index) => {
    const from = index * step
    const to = Math.min(from + step, source)
    const first = Math.floor(from)
    const length = Math.ceil(to) - first
    const weights = Array.from(
      { length },
      (_unused, i) => (Math.min(to, first + i + 1) - Math.max(from, first + i)) / (to - from),
    )
    return { first, weights }
  })
}
