import { z } from 'zod'
import { classScores, type ImageClassificationSpec, type Manifest } from './manifest.js'
import { numberList, tensorJsonSchema, tensorValue } from './tensor-value.js'

type JsonSchema = Record<string, unknown>

/** A sender of a million unknown properties is not answered with a million issues. */
const mostUnknownReported = 20

/** Checks one prediction's input. The path of an issue leads to the faulty field; its message never holds the value. */
export function inputSchema(manifest: Manifest): z.ZodType {
  const { pipeline } = manifest
  if (pipeline.name === 'image-classification') return imageInput(manifest, pipeline)
  if (pipeline.name === 'tensors') {
    return closedObject(Object.fromEntries(manifest.inputs.map((spec) => [spec.name, tensorValue(spec)])))
  }
  // Parsed JSON already: a recursive check would only fall over on deep nesting.
  return z.record(z.string(), z.unknown(), { error: 'must be an object' })
}

/** JSON Schema of what `inputSchema` accepts. */
export function inputJsonSchema(manifest: Manifest): JsonSchema {
  return { ...z.toJSONSchema(inputSchema(manifest)) }
}

/** JSON Schema of a succeeded prediction's output. */
export function outputJsonSchema(manifest: Manifest): JsonSchema {
  if (manifest.pipeline.name === 'image-classification') return { ...z.toJSONSchema(classification) }
  if (manifest.pipeline.name === 'module')
    return { description: 'Whatever the postprocess of the model gives.' }
  const properties = Object.fromEntries(manifest.outputs.map((spec) => [spec.name, tensorJsonSchema(spec)]))
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

const classification = z.strictObject({
  label: z.string().describe('The most probable class.'),
  probabilities: z.record(z.string(), z.number()).describe('The probability of every class.'),
  top: z
    .array(z.strictObject({ label: z.string(), probability: z.number() }))
    .describe('The most probable classes, best first.'),
})

function imageInput(manifest: Manifest, { image, pixels, topK }: ImageClassificationSpec): z.ZodType {
  const { width, height, channels } = image
  const classes = classScores(manifest)?.classes ?? topK
  const picture = z
    .string({ error: 'must be a string' })
    .min(1, 'must not be empty')
    .describe('A PNG, JPEG or WebP image, as a data URI or as base64.')
  const list = pixels && numberList(width * height * channels, pixels.maximum)
  return closedObject({
    image: picture.optional(),
    ...(list && {
      pixels: list.optional().describe(`${height} rows of ${width} pixels, one after the other.`),
    }),
    topK: z
      .int({ error: 'must be an integer' })
      .min(1, 'must be 1 or more')
      .max(classes, `must be ${classes} or less`)
      .optional()
      .meta({ default: Math.min(topK, classes), description: 'How many of the best classes `top` lists.' }),
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

/** An object without other properties. Each unknown one is an issue of its own, so that the path leads to it. */
function closedObject(shape: z.ZodRawShape): z.ZodType<Record<string, unknown>> {
  return z
    .looseObject(shape, { error: 'must be an object' })
    .superRefine((input, context) => {
      const unknown = Object.keys(input).filter((key) => !Object.hasOwn(shape, key))
      for (const key of unknown.slice(0, mostUnknownReported)) {
        context.addIssue({ code: 'custom', path: [key], message: 'is not a property of this input' })
      }
    })
    .meta({ additionalProperties: false })
}
