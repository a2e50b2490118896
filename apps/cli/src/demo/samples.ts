import { readFile } from 'node:fs/promises'
import { z } from 'zod'

/** An image as PNG data URI, light ink on dark or dark ink on light, or the row of numbers itself. */
const forms = ['light on dark', 'dark on light', 'pixels'] as const
const ways = ['poll', 'wait', 'webhook'] as const

export type Form = (typeof forms)[number]
/** How the answer comes back. */
export type Way = (typeof ways)[number]

/** One handwritten digit that no model was trained on, and how it is sent. */
export interface Sample {
  label: string
  /** 64 brightnesses from 0 to 16, light ink on dark, row by row. */
  pixels: number[]
  form: Form
  way: Way
}

const line = z.object({ input: z.object({ pixels: z.array(z.number()).length(64) }), label: z.string() })

const cycle = <T>(items: readonly [T, ...T[]], index: number): T => items[index % items.length] ?? items[0]

/** `count` digits from all over the held-out file, each form sent in each way equally often. */
export async function readSamples(heldout: string, count: number): Promise<Sample[]> {
  const rows = (await readFile(heldout, 'utf8')).trim().split('\n')
  const step = Math.floor(rows.length / count)
  return Array.from({ length: count }, (_, index) => {
    const { input, label } = line.parse(JSON.parse(rows[index * step] ?? ''))
    const form = cycle(forms, index)
    return { label, pixels: input.pixels, form, way: cycle(ways, Math.floor(index / forms.length)) }
  })
}
