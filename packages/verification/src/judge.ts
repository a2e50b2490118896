import { type Tolerances, usualTolerances } from '@augur/core/verification/tolerances'
import type { BatchCost, JudgedRule, Verification, VerifiedSide } from '@augur/core/verification/verification'

/** What was measured, before it is judged. */
export type Measurements = Pick<
  Verification,
  'baseline' | 'candidate' | 'agreement' | 'disagreement' | 'distance'
>

interface Rule {
  /** Whether the value is at most the limit, or at least. */
  bound: 'most' | 'least'
  /** Null where it could not be measured. */
  valueOf(measured: Measurements): number | null
}

const difference = (a: number | null | undefined, b: number | null | undefined) =>
  a == null || b == null ? null : a - b
const quotient = (a: number | null | undefined, b: number | null | undefined) =>
  a == null || b == null || b === 0 ? null : a / b
const share = (proportion: { hits: number; count: number } | null | undefined) =>
  proportion ? proportion.hits / proportion.count : null

/** The largest micro-batch that both were measured with: what throughput is for. */
const best = ({ cost }: VerifiedSide): number => Math.max(...cost.batches.map(({ perSecond }) => perSecond))
const single = ({ cost }: VerifiedSide): BatchCost | undefined =>
  cost.batches.find(({ microBatchSize }) => microBatchSize === 1) ?? cost.batches[0]

const rules: Record<keyof Tolerances, Rule> = {
  maxAccuracyDrop: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) =>
      difference(share(baseline.classification?.top1), share(candidate.classification?.top1)),
  },
  maxMacroF1Drop: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) =>
      difference(baseline.classification?.macroF1, candidate.classification?.macroF1),
  },
  minAgreement: { bound: 'least', valueOf: ({ agreement }) => share(agreement) },
  maxErrorIncrease: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) => {
      const grown = difference(candidate.regression?.mae, baseline.regression?.mae)
      return grown === 0 ? 0 : quotient(grown, baseline.regression?.mae)
    },
  },
  minCosine: { bound: 'least', valueOf: ({ distance }) => distance.meanCosine },
  maxOutputDistance: { bound: 'most', valueOf: ({ distance }) => distance.maxAbsolute },
  maxLatencyRatio: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) => quotient(single(candidate)?.p50Ms, single(baseline)?.p50Ms),
  },
  minThroughputRatio: {
    bound: 'least',
    valueOf: ({ baseline, candidate }) => quotient(best(candidate), best(baseline)),
  },
  maxMemoryRatio: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) =>
      quotient(candidate.cost.peakResidentBytes, baseline.cost.peakResidentBytes),
  },
  maxSizeRatio: {
    bound: 'most',
    valueOf: ({ baseline, candidate }) => quotient(candidate.cost.fileBytes, baseline.cost.fileBytes),
  },
}

/** Rules of which one at least has to hold before a version may be said to do its baseline's job. */
const qualityRules: ReadonlySet<string> = new Set<keyof Tolerances>([
  'maxAccuracyDrop',
  'maxMacroF1Drop',
  'minAgreement',
  'maxErrorIncrease',
  'minCosine',
  'maxOutputDistance',
])
/** Rules that mean nothing without labels, or for answers of another kind. */
const notForAll: ReadonlySet<string> = new Set<keyof Tolerances>([
  'maxAccuracyDrop',
  'maxMacroF1Drop',
  'minAgreement',
  'maxErrorIncrease',
])

// Differences of shares are rarely exact: 0.98 − 0.97 is a little more than 0.01.
const rounding = 1e-9

/**
 * Holds measurements against tolerances, and against one rule that needs none: a candidate must not fail on inputs that
 * its baseline answers. Where no tolerance says anything about quality, the usual ones do: speed alone never passes.
 */
export function judge(measured: Measurements, tolerances: Tolerances): JudgedRule[] {
  const failures = Math.max(0, measured.candidate.failed - measured.baseline.failed)
  const judged = [
    { name: 'noNewFailures', limit: 0, value: failures, passed: failures === 0 },
    ...judgeAll(measured, tolerances),
  ]
  if (judged.some(({ name }) => qualityRules.has(name))) return judged
  const usual = judgeAll(measured, usualTolerances).filter(({ value }) => value !== null)
  if (usual.length > 0) return [...judged, ...usual]
  return [...judged, { name: 'comparable', limit: 1, value: null, passed: false }]
}

function judgeAll(measured: Measurements, tolerances: Tolerances): JudgedRule[] {
  return Object.entries(rules).flatMap(([name, { bound, valueOf }]): JudgedRule[] => {
    const limit = new Map(Object.entries(tolerances)).get(name)
    if (limit === undefined) return []
    const value = valueOf(measured)
    if (value === null) return notForAll.has(name) ? [] : [{ name, limit, value, passed: false }]
    const passed = bound === 'most' ? value <= limit + rounding : value >= limit - rounding
    return [{ name, limit, value, passed }]
  })
}
