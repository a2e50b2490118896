import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path))

/** Whether there is a browser here; Debian's package `chromium` is one. */
export const hasBrowser = executablePath !== undefined

/** A browser without a window. @throws Error where none is installed */
export async function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('No browser was found: install the package chromium.')
  // As root, which containers run as, it refuses its own sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** A point on the pad, as shares of its width and height. */
export type PadPoint = readonly [x: number, y: number]

/** A seven, as one line. */
export const seven: readonly PadPoint[] = [
  [0.28, 0.18],
  [0.72, 0.18],
  [0.62, 0.42],
  [0.5, 0.66],
  [0.44, 0.86],
]

/** Draws a line on the drawing pad with the mouse. */
export async function draw(page: Page, points: readonly PadPoint[]): Promise<void> {
  const pad = page.locator('canvas.pad')
  await pad.scrollIntoViewIfNeeded()
  const box = await pad.boundingBox()
  if (!box) throw new Error('The drawing pad is not shown.')
  const at = ([x, y]: PadPoint) => [box.x + x * box.width, box.y + y * box.height] as const
  const [first, ...others] = points
  if (!first) return
  await page.mouse.move(...at(first))
  await page.mouse.down()
  for (const point of others) await page.mouse.move(...at(point), { steps: 6 })
  await page.mouse.up()
}
