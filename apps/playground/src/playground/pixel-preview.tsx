import { useEffect, useRef } from 'preact/hooks'

/** A list of numbers as the square picture that it is: the largest of them is darkest. */
export function PixelPreview({ pixels, side }: { pixels: readonly number[]; side: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const most = Math.max(...pixels, 1e-9)
    const image = context.createImageData(side, side)
    pixels.forEach((pixel, index) => {
      const grey = 255 - Math.round((Math.max(0, pixel) / most) * 233)
      image.data.set([grey, grey, grey, 255], index * 4)
    })
    context.putImageData(image, 0, 0)
  }, [pixels, side])
  return (
    <canvas
      ref={canvas}
      class="pixels"
      width={side}
      height={side}
      role="img"
      aria-label={`The list as a picture of ${side} by ${side} pixels`}
    />
  )
}
