import { z } from 'zod'
import type { Manifest } from '../manifest.js'
import { classifierFields, classScores, noClassScores } from './classifier.js'
import type { Report } from './report.js'

const image = z.strictObject({
  width: z.int().min(1).max(4096).describe('Width in pixels that the image is resized to.'),
  height: z.int().min(1).max(4096).describe('Height in pixels that the image is resized to.'),
  channels: z.union([z.literal(1), z.literal(3)]).describe('1 for grey, 3 for colour.'),
  ink: z
    .enum(['light', 'dark'])
    .optional()
    .describe(
      'What the model was trained on: `light` ink on dark or `dark` ink on light; leave out for photographs.',
    ),
  polarity: z
    .enum(['auto', 'fixed'])
    .default('fixed')
    .describe(
      "`auto` takes the border's brightness for the background and inverts where it disagrees with `ink`; `fixed` never inverts.",
    ),
})

const normalise = z
  .strictObject({
    mean: z.array(z.number()).min(1).describe('What is subtracted: one number, or one for each channel.'),
    std: z
      .array(z.number().positive())
      .min(1)
      .describe('What the difference is divided by: one number, or one for each channel.'),
  })
  .default({ mean: [0], std: [1] })
  .describe('How pixels, from 0 to 1, are scaled: (x − mean) / std.')

/** An image in, the probability of each class out. */
export const imageClassification = z.strictObject({
  name: z.literal('image-classification'),
  image,
  pixels: z
    .strictObject({
      maximum: z
        .number()
        .positive()
        .describe('What the numbers go up to; width × height × channels of them are divided by it.'),
    })
    .optional()
    .describe('Lets callers send numbers in place of an image.'),
  normalise,
  activation: z
    .enum(['softmax', 'none'])
    .default('softmax')
    .describe('`softmax` turns the output into probabilities; `none` leaves it as it is.'),
  ...classifierFields,
})
export type ImageClassificationSpec = z.infer<typeof imageClassification>

/** What a manifest says beside the pipeline has to fit it. */
export function checkImages(
  manifest: Manifest,
  { image: target, normalise: scale }: ImageClassificationSpec,
  report: Report,
): void {
  const [input, ...others] = manifest.inputs
  if (input?.type !== 'float32' || others.length > 0) report(['inputs'], 'must be one float32 tensor')
  if (!classScores(manifest)) report(['outputs'], noClassScores)
  if (target.polarity === 'auto' && !target.ink)
    report(['pipeline', 'image', 'ink'], 'is needed by polarity "auto"')
  for (const field of ['mean', 'std'] as const) {
    if (scale[field].length !== 1 && scale[field].length !== target.channels) {
      report(['pipeline', 'normalise', field], 'must hold one number, or one for each channel')
    }
  }
}
