import { encodePng } from '../png.js'
import type { Sample } from './samples.js'

const side = 8
const maximum = 16
/** Pixels of the drawn image for each pixel of the digit, along each side. */
const scale = 8
const shades = ' .:-=+*#%@'

/** What is sent for a sample. */
export function inputOf({ pixels, form }: Sample): { image: string } | { pixels: number[] } {
  if (form === 'pixels') return { pixels }
  const file = encodePng(draw(pixels, form === 'dark on light'))
  return { image: `data:image/png;base64,${file.toString('base64')}` }
}

function draw(pixels: readonly number[], inverted: boolean) {
  const width = side * scale
  const drawn = new Uint8Array(width * width)
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const value = pixels[Math.floor(y / scale) * side + Math.floor(x / scale)] ?? 0
      const light = Math.round((value / maximum) * 255)
      drawn[y * width + x] = inverted ? 255 - light : light
    }
  }
  return { width, height: width, pixels: drawn }
}

/** Eight lines of text, two characters a pixel, since characters are about twice as high as wide. */
export function drawAsText(pixels: readonly number[]): string[] {
  const shadeOf = (value: number) => shades.charAt(Math.round((value / maximum) * (shades.length - 1)))
  const rows = Array.from({ length: side }, (_, y) => pixels.slice(y * side, (y + 1) * side))
  return rows.map((row) => row.map((value) => shadeOf(value).repeat(2)).join(''))
}
