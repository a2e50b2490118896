import { z } from 'zod'
import { intervalSchema } from './interval-schema.js'

/** What could not be measured is null, never a guess. */
const measured = z.number().nullable()

const versionRef = z.strictObject({ id: z.string().regex(/^[0-9a-f]{64}$/), label: z.string().max(255) })

const proportion = z.strictObject({ hits: z.int().min(0), count: z.int().min(1), ...intervalSchema })

const classQuality = z.strictObject({
  label: z.string(),
  support: z.int().min(0),
  precision: measured,
  recall: measured,
  f1: measured,
})

/** How well a version that answers with classes does on labelled inputs. */
const classification = z.strictObject({
  top1: proportion,
  /** Null where there are too few classes for it to say anything. */
  topK: z.strictObject({ k: z.int().min(2), ...proportion.shape }).nullable(),
  macroF1: measured,
  classes: z.array(classQuality),
  /** Rows are true classes, columns answers, both in the order of `classes`. */
  confusion: z.array(z.array(z.int().min(0))),
})
export type ClassificationQuality = z.infer<typeof classification>

/** How far predicted numbers are from the true ones. */
const regression = z.strictObject({ mae: z.number(), rmse: z.number() })
export type RegressionQuality = z.infer<typeof regression>

/** How far the outputs of two versions are apart, over all inputs that both answered. */
const distance = z.strictObject({
  maxAbsolute: measured,
  meanAbsolute: measured,
  meanCosine: measured,
  /** Kullback-Leibler divergence from baseline to candidate in nats, of probabilities only. */
  meanKl: measured,
})
export type OutputDistance = z.infer<typeof distance>

const batchCost = z.strictObject({
  microBatchSize: z.int().min(1),
  runs: z.int().min(1),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  perSecond: z.number(),
})
export type BatchCost = z.infer<typeof batchCost>

/** What a version costs, measured in a runner as it serves. */
const cost = z.strictObject({
  loadMs: z.number(),
  fileBytes: z.int().min(0),
  peakResidentBytes: measured,
  /** Cores that the runner kept busy while it was measured: 1 is one whole core. */
  cpuCores: measured,
  cpuMsPerPrediction: measured,
  /** 0 to 100. */
  gpuUtilisation: measured,
  gpuMemoryBytes: measured,
  provider: z.string(),
  runtime: z.string(),
  batches: z.array(batchCost),
})
export type Cost = z.infer<typeof cost>

const side = z.strictObject({
  ...versionRef.shape,
  /** Inputs that it answered with an error. */
  failed: z.int().min(0),
  classification: classification.nullable(),
  regression: regression.nullable(),
  cost,
})
export type VerifiedSide = z.infer<typeof side>

const rule = z.strictObject({
  name: z.string(),
  limit: z.number(),
  /** Null where it could not be measured, which fails the rule. */
  value: measured,
  passed: z.boolean(),
})
export type JudgedRule = z.infer<typeof rule>

/** What `verification.json` beside a version holds: the measured comparison with its baseline, and the verdict. */
export const verificationSchema = z.strictObject({
  format: z.literal(1),
  model: z.string(),
  createdAt: z.iso.datetime(),
  command: z.string(),
  machine: z.strictObject({ cpu: z.string(), cpus: z.int(), memoryBytes: z.int(), node: z.string() }),
  dataset: z.strictObject({
    name: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    examples: z.int().min(1),
    labelled: z.int().min(0),
    broken: z.int().min(0),
  }),
  baseline: side,
  candidate: side,
  /** Inputs with the same answer, of those that both answered; null where answers are no classes. */
  agreement: proportion.nullable(),
  /** Labelled inputs that only one of them got right. */
  disagreement: z
    .strictObject({ onlyBaseline: z.int().min(0), onlyCandidate: z.int().min(0), p: z.number() })
    .nullable(),
  distance,
  rules: z.array(rule),
  passed: z.boolean(),
})
export type Verification = z.infer<typeof verificationSchema>

/** Name of the file in the version's folder. It is no file of the version: verifying never makes a new one. */
export const verificationFile = 'verification.json'
