import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PairOutcome } from '../shadow/compare-pair.js'
import { findBreach, type GuardrailSamples, samplesOfArm, samplesOfShadow } from './guardrails.js'

const none: GuardrailSamples = { failed: [], latencyMs: [], differed: [], right: [] }
const flags = (yes: number, no: number) => [
  ...Array.from({ length: yes }, () => true),
  ...Array.from({ length: no }, () => false),
]
const limits = { window: 100, minimum: 20 }

test('each guardrail stops beyond its limit, and not at it', () => {
  const errorRate = { maximum: 0.1, ...limits }
  expect(findBreach({ errorRate }, { ...none, failed: flags(10, 90) })).toBeNull()
  expect(findBreach({ errorRate }, { ...none, failed: flags(11, 89) })).toEqual({
    guardrail: 'errorRate',
    reason: 'Of the newest 100, the candidate failed 11 % of them; at most 10 % may fail.',
  })
  const latencyP95Ms = { maximum: 50, ...limits }
  const slow = Array.from({ length: 100 }, (_, i) => i)
  expect(findBreach({ latencyP95Ms }, { ...none, latencyMs: slow.map((ms) => ms / 2) })).toBeNull()
  expect(findBreach({ latencyP95Ms }, { ...none, latencyMs: slow })?.guardrail).toBe('latencyP95Ms')
  const disagreement = { maximum: 0.05, ...limits }
  expect(findBreach({ disagreement }, { ...none, differed: flags(1, 19) })).toBeNull()
  expect(findBreach({ disagreement }, { ...none, differed: flags(2, 18) })?.guardrail).toBe('disagreement')
  const feedbackAccuracy = { minimum_accuracy: 0.9, ...limits }
  expect(findBreach({ feedbackAccuracy }, { ...none, right: flags(18, 2) })).toBeNull()
  expect(findBreach({ feedbackAccuracy }, { ...none, right: flags(17, 3) })?.guardrail).toBe(
    'feedbackAccuracy',
  )
})

test('fewer than the minimum say nothing, and only the newest of the window count', () => {
  const errorRate = { maximum: 0.5, window: 20, minimum: 10 }
  expect(findBreach({ errorRate }, { ...none, failed: flags(9, 0) })).toBeNull()
  expect(findBreach({ errorRate }, { ...none, failed: flags(10, 0) })).not.toBeNull()
  expect(findBreach({ errorRate }, { ...none, failed: [...flags(0, 20), ...flags(500, 0)] })).toBeNull()
})

test('without guardrails nothing is ever stopped', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), fc.array(fc.double()), (some, latencyMs) => {
      expect(findBreach({}, { failed: some, latencyMs, differed: some, right: some })).toBeNull()
    }),
  )
})

test('predictions whose time was over count as failed, and only answers have a latency', () => {
  const samples = samplesOfArm(
    [
      { status: 'failed', ms: 5 },
      { status: 'expired', ms: 9000 },
      { status: 'succeeded', ms: 7 },
    ],
    [true],
  )
  expect(samples).toEqual({ failed: [true, true, false], latencyMs: [7], differed: [], right: [true] })
})

test('what both versions of a shadow fail is not the candidate’s fault', () => {
  const outcomes: PairOutcome[] = ['agreed', 'differed', 'stable_failed', 'candidate_failed', 'both_failed']
  const pairs = outcomes.map((outcome, i) => ({ outcome, candidateMs: i < 3 ? i : null }))
  expect(samplesOfShadow(pairs)).toEqual({
    failed: [false, false, false, true],
    latencyMs: [0, 1, 2],
    differed: [false, true, true],
    right: [],
  })
})
