import { z } from 'zod'

/** A sender of a million unknown properties is not answered with a million issues. */
const mostUnknownReported = 20

/** An object without other properties. Each unknown one is an issue of its own, so that the path leads to it. */
export function closedObject(shape: z.ZodRawShape): z.ZodType<Record<string, unknown>> {
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
