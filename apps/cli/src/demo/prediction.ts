import { z } from 'zod'

/** What the demo looks at in a prediction; the rest is only compared. */
export const classPrediction = z.looseObject({
  id: z.string(),
  status: z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled']),
  output: z.object({ label: z.string(), probabilities: z.record(z.string(), z.number()) }).nullable(),
})
export type ClassPrediction = z.infer<typeof classPrediction>

export const hasEnded = ({ status }: ClassPrediction) => status !== 'starting' && status !== 'processing'
