import { z } from 'zod'

/** `topK` of a request: how many of a model's classes `top` lists. */
export function wantedClasses(byDefault: number, classes: number): z.ZodType {
  return z
    .int({ error: 'must be an integer' })
    .min(1, 'must be 1 or more')
    .max(classes, `must be ${classes} or less`)
    .optional()
    .meta({
      default: Math.min(byDefault, classes),
      description: 'How many of the best classes `top` lists.',
    })
}

/** What every classifier answers. */
export const classification = z.strictObject({
  label: z.string().describe('The most probable class.'),
  probabilities: z.record(z.string(), z.number()).describe('The probability of every class.'),
  top: z
    .array(z.strictObject({ label: z.string(), probability: z.number() }))
    .describe('The most probable classes, best first.'),
})
