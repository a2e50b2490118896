export type Ink = 'light' | 'dark'

/**
 * Inverts an image (rows of brightness, 0 to 1, channels side by side) whose background is not the one that `ink`
 * needs. The background is what the border of one pixel shows on average: ink rarely reaches it.
 */
export function matchInk(image: Float32Array, width: number, channels: number, ink: Ink): Float32Array {
  const isLight = borderBrightness(image, width * channels, channels) > 0.5
  return isLight === (ink === 'dark') ? image : image.map((brightness) => 1 - brightness)
}

function borderBrightness(image: Float32Array, lineLength: number, channels: number): number {
  let sum = 0
  let count = 0
  for (const [index, brightness] of image.entries()) {
    const x = index % lineLength
    const isEdgeRow = index < lineLength || index >= image.length - lineLength
    if (!isEdgeRow && x >= channels && x < lineLength - channels) continue
    sum += brightness
    count++
  }
  return sum / count
}
