/** Sides of the pad, in its own pixels. */
export const padSize = 280
const lineWidth = 26
/** Sides of the picture that is sent. */
const pictureSize = 168
/** Around what was drawn, as a share of the picture: models know their digits as filling the frame. */
const margin = 0.02

export interface Point {
  x: number
  y: number
}

/** Where on the pad a pointer is. */
export function pointOf(event: PointerEvent, canvas: HTMLCanvasElement): Point {
  const { left, top, width, height } = canvas.getBoundingClientRect()
  return { x: ((event.clientX - left) / width) * padSize, y: ((event.clientY - top) / height) * padSize }
}

export function drawLine(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  context.lineWidth = lineWidth
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.strokeStyle = '#16181d'
  context.beginPath()
  context.moveTo(from.x, from.y)
  context.lineTo(to.x, to.y)
  context.stroke()
}

export function clearPad(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')?.clearRect(0, 0, padSize, padSize)
}

interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** The drawing as a PNG: dark on white, as large as fits, in the middle. Null for an empty pad. */
export function pictureOf(pad: HTMLCanvasElement): string | null {
  const ink = inkOf(pad)
  const canvas = document.createElement('canvas')
  canvas.width = pictureSize
  canvas.height = pictureSize
  const context = canvas.getContext('2d')
  if (!ink || !context) return null
  context.fillStyle = '#fff'
  context.fillRect(0, 0, pictureSize, pictureSize)
  const scale = (pictureSize * (1 - 2 * margin)) / Math.max(ink.width, ink.height)
  const [width, height] = [ink.width * scale, ink.height * scale]
  const [x, y] = [(pictureSize - width) / 2, (pictureSize - height) / 2]
  context.drawImage(pad, ink.left, ink.top, ink.width, ink.height, x, y, width, height)
  return canvas.toDataURL('image/png')
}

/** The smallest box around everything that was drawn. */
function inkOf(pad: HTMLCanvasElement): Box | null {
  const pixels = pad.getContext('2d')?.getImageData(0, 0, padSize, padSize).data
  let [left, top, right, bottom] = [padSize, padSize, -1, -1]
  for (let index = 0; index < padSize * padSize; index++) {
    if ((pixels?.[index * 4 + 3] ?? 0) === 0) continue
    const [x, y] = [index % padSize, Math.floor(index / padSize)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 }
}
