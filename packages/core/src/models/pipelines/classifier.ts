import { z } from 'zod'
import type { Manifest } from '../manifest.js'
import { relativePath } from '../relative-path.js'

/** What every classifier declares. */
export const classifierFields = {
  labels: relativePath.describe('File with one class name per line, in the order of the output.'),
  topK: z.int().min(1).default(5).describe('How many of the best classes an answer lists.'),
}

/** How scores become probabilities, where classes need not exclude each other. */
export const activation = z
  .enum(['softmax', 'sigmoid', 'none'])
  .default('softmax')
  .describe(
    '`softmax` makes probabilities that sum to 1, `sigmoid` one for each class by itself; `none` leaves the output as it is.',
  )
export type Activation = z.infer<typeof activation>

/** The output of a classifier that holds a score for each class, and how many classes there are. */
export function classScores(
  manifest: Pick<Manifest, 'outputs'>,
): { name: string; classes: number } | undefined {
  for (const { name, type, shape } of manifest.outputs) {
    const classes = shape?.at(-1)
    if (type === 'float32' && shape?.length === 2 && typeof classes === 'number') return { name, classes }
  }
  return undefined
}

/** Said of `outputs` where `classScores` finds none. */
export const noClassScores = 'need a float32 tensor of shape [batch, number of classes]'
