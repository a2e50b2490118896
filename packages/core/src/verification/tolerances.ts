import { z } from 'zod'

const ratio = z.number().positive()
const share = z.number().min(0).max(1)

/** What an optimised version may lose, and must win, beside its baseline. A rule that is left out is not checked. */
export const toleranceFields = {
  maxAccuracyDrop: share
    .optional()
    .describe('Most that top-1 accuracy may fall, as a share: 0.01 is one percentage point.'),
  maxMacroF1Drop: share.optional().describe('Most that macro F1 may fall.'),
  minAgreement: share
    .optional()
    .describe('Least share of inputs that both versions answer with the same class.'),
  maxErrorIncrease: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Most that the mean absolute error of predicted numbers may grow, relative to that of the baseline.',
    ),
  minCosine: z
    .number()
    .min(-1)
    .max(1)
    .optional()
    .describe('Least mean cosine similarity of the outputs of both versions.'),
  maxOutputDistance: z
    .number()
    .min(0)
    .optional()
    .describe('Largest difference that any number of the outputs may have.'),
  maxLatencyRatio: ratio
    .optional()
    .describe('Median latency of the version divided by that of its baseline, at most.'),
  minThroughputRatio: ratio.optional().describe('Best throughput divided by that of the baseline, at least.'),
  maxMemoryRatio: ratio.optional().describe('Peak resident memory divided by that of the baseline, at most.'),
  maxSizeRatio: ratio.optional().describe('Size of the files divided by that of the baseline, at most.'),
}

/** The field `verification` of a manifest. */
export const verificationSettings = z.strictObject({
  dataset: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe(
      'The labelled test set, relative to the version folder: JSON Lines of `{"input": …, "label": …}`, a CSV file, or a folder with one folder of images for each class.',
    ),
  topK: z
    .int()
    .min(2)
    .max(100)
    .optional()
    .describe('The k of top-k accuracy; left out, 5, or one less than there are classes.'),
  ...toleranceFields,
})
export type VerificationSettings = z.infer<typeof verificationSettings>
export type Tolerances = Omit<VerificationSettings, 'dataset' | 'topK'>

/** What is asked where no tolerance says anything about quality. Those that mean nothing for a model are left out. */
export const usualTolerances: Tolerances = {
  maxAccuracyDrop: 0.01,
  minAgreement: 0.95,
  maxErrorIncrease: 0.05,
  minCosine: 0.99,
}
