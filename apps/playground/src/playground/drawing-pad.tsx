import { useEffect, useRef } from 'preact/hooks'
import { clearPad, drawLine, padSize, pictureOf, type Point, pointOf } from './drawing.js'

interface DrawingPadProps {
  /** The picture that is sent; the pad is emptied when it is none of its own. */
  picture: string | undefined
  onDraw(picture: string | undefined): void
}

/** A canvas to draw on with a mouse, a pen or a finger. */
export function DrawingPad({ picture, onDraw }: DrawingPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const last = useRef<Point | null>(null)

  useEffect(() => {
    if (picture === undefined && canvas.current) clearPad(canvas.current)
  }, [picture])

  const draw = (event: PointerEvent) => {
    const pad = canvas.current
    const context = pad?.getContext('2d', { willReadFrequently: true })
    if (!pad || !context) return
    const point = pointOf(event, pad)
    drawLine(context, last.current ?? point, point)
    last.current = point
  }

  const begin = (event: PointerEvent) => {
    canvas.current?.setPointerCapture(event.pointerId)
    draw(event)
  }

  const end = () => {
    if (!last.current || !canvas.current) return
    last.current = null
    onDraw(pictureOf(canvas.current) ?? undefined)
  }

  return (
    <canvas
      ref={canvas}
      class="pad"
      width={padSize}
      height={padSize}
      role="img"
      aria-label="Drawing pad: draw with a mouse, a pen or a finger, or choose a file"
      onPointerDown={begin}
      onPointerMove={(event) => last.current && draw(event)}
      onPointerUp={end}
      onPointerCancel={end}
    />
  )
}
