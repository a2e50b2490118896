import type { Cost, VerifiedSide } from '@augur/core/verification/verification'
import { expect, test } from 'vitest'
import { judge, type Measurements } from './judge.js'

const cost: Cost = {
  loadMs: 100,
  fileBytes: 1000,
  peakResidentBytes: 2000,
  cpuCores: 1,
  cpuMsPerPrediction: 1,
  gpuUtilisation: null,
  gpuMemoryBytes: null,
  provider: 'cpu',
  runtime: 'onnxruntime-node 1.30.0',
  batches: [{ microBatchSize: 1, runs: 10, p50Ms: 2, p95Ms: 3, p99Ms: 4, perSecond: 500 }],
}
const accuracy = (hits: number) => ({ hits, count: 100, low: 0, high: 1 })
const side = (hits: number | null, changes: Partial<VerifiedSide> = {}): VerifiedSide => ({
  id: 'f'.repeat(64),
  label: 'any',
  failed: 0,
  classification:
    hits === null
      ? null
      : { top1: accuracy(hits), topK: null, macroF1: hits / 100, classes: [], confusion: [] },
  regression: null,
  cost,
  ...changes,
})
const measured = (baseline: VerifiedSide, candidate: VerifiedSide, changes: Partial<Measurements> = {}) => ({
  baseline,
  candidate,
  agreement: null,
  disagreement: null,
  distance: { maxAbsolute: null, meanAbsolute: null, meanCosine: null, meanKl: null },
  ...changes,
})
const broken = (rules: ReturnType<typeof judge>) =>
  rules.filter(({ passed }) => !passed).map(({ name }) => name)

test('a fall of exactly the tolerance passes, one example more fails', () => {
  expect(broken(judge(measured(side(98), side(97)), { maxAccuracyDrop: 0.01 }))).toEqual([])
  expect(broken(judge(measured(side(98), side(96)), { maxAccuracyDrop: 0.01 }))).toEqual(['maxAccuracyDrop'])
})

test('whoever gets better passes', () => {
  expect(broken(judge(measured(side(90), side(99)), { maxAccuracyDrop: 0 }))).toEqual([])
})

test('failing on inputs that the baseline answers breaks a rule that nobody has to ask for', () => {
  expect(broken(judge(measured(side(98), side(98, { failed: 1 })), { maxAccuracyDrop: 1 }))).toEqual([
    'noNewFailures',
  ])
})

test('speed alone never passes: without a rule about quality the usual ones hold', () => {
  const rules = judge(measured(side(98), side(50)), { maxLatencyRatio: 2 })
  expect(broken(rules)).toEqual(['maxAccuracyDrop'])
})

test('an accuracy that is asked for and has no labels is judged by agreement', () => {
  const agreement = { hits: 80, count: 100, low: 0, high: 1 }
  const rules = judge(measured(side(null), side(null), { agreement }), { maxAccuracyDrop: 0.01 })
  expect(broken(rules)).toEqual(['minAgreement'])
})

test('versions whose answers cannot be compared at all fail', () => {
  expect(broken(judge(measured(side(null), side(null)), {}))).toEqual(['comparable'])
})

test('what is asked for by name and could not be measured fails', () => {
  const unknown = side(98, { cost: { ...cost, peakResidentBytes: null } })
  expect(broken(judge(measured(unknown, unknown), { maxMemoryRatio: 1, maxAccuracyDrop: 0 }))).toEqual([
    'maxMemoryRatio',
  ])
})

test('a slower, larger candidate breaks the rules about cost', () => {
  const slow = side(98, {
    cost: {
      ...cost,
      fileBytes: 3000,
      batches: [{ microBatchSize: 1, runs: 10, p50Ms: 5, p95Ms: 6, p99Ms: 7, perSecond: 200 }],
    },
  })
  const tolerances = { maxAccuracyDrop: 0, maxLatencyRatio: 2, minThroughputRatio: 0.5, maxSizeRatio: 2 }
  expect(broken(judge(measured(side(98), slow), tolerances))).toEqual([
    'maxLatencyRatio',
    'minThroughputRatio',
    'maxSizeRatio',
  ])
})
