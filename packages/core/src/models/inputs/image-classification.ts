import { z } from 'zod'
import type { Manifest } from '../manifest.js'
import { classScores } from '../pipelines/classifier.js'
import type { ImageClassificationSpec } from '../pipelines/image-classification.js'
import { numberList } from '../tensor-value.js'
import { wantedClasses } from './classes.js'
import { closedObject } from './closed-object.js'
import { findUrlProblem, isFileUrl } from './file-fields.js'
import { findImageProblem } from './web-image.js'

/** An image, or the numbers of its pixels where the manifest allows them. */
export function imageInput(manifest: Manifest, { image, pixels, topK }: ImageClassificationSpec): z.ZodType {
  const { width, height, channels } = image
  const picture = z
    .string({ error: 'must be a string' })
    .min(1, 'must not be empty')
    .superRefine((text, context) => {
      const message = text && (isFileUrl(text) ? findUrlProblem(text) : findImageProblem(text))
      if (message) context.addIssue({ code: 'custom', message })
    })
    .meta({
      description: 'A PNG, JPEG or WebP image: the URL of a file, a data URI, or base64.',
      contentMediaType: 'image/*',
    })
  const list = pixels && numberList(width * height * channels, pixels.maximum)
  return closedObject({
    image: picture.optional(),
    ...(list && {
      pixels: list.optional().describe(`${height} rows of ${width} pixels, one after the other.`),
    }),
    topK: wantedClasses(topK, classScores(manifest)?.classes ?? topK),
  }).superRefine(({ image: given, pixels: numbers }, context) => {
    const problem = refuseImageChoice(given !== undefined, numbers !== undefined, Boolean(list))
    if (problem) context.addIssue({ code: 'custom', path: ['image'], message: problem })
  })
}

function refuseImageChoice(hasImage: boolean, hasPixels: boolean, takesPixels: boolean): string | undefined {
  if (hasImage && hasPixels) return 'give either image or pixels, not both'
  if (hasImage || hasPixels) return undefined
  return takesPixels ? 'give either image or pixels' : 'is required'
}
