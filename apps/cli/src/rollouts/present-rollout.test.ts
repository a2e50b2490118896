import { expect, test } from 'vitest'
import { presentComparison } from './present-rollout.js'
import type { ShownComparison } from './rollout-api.js'

const version = { id: 'a'.repeat(64), label: 'int8' }
const arm = {
  version,
  predictions: 0,
  error_rate: null,
  latency_ms: { p50: null, p95: null, p99: null },
  feedback: { count: 0, accuracy: null, mean_score: null },
}
const comparison: ShownComparison = {
  model: 'augur/digits',
  trial: {
    candidate: version,
    mode: 'shadow',
    percent: 100,
    started_at: '2026-03-01T12:00:00.000Z',
    stopped_at: null,
    stop_reason: null,
  },
  arms: { stable: arm, candidate: arm },
  errors: { difference: null, interval: { low: -1, high: 1 }, p: 1, needed_per_arm: 200 },
  accuracy: null,
  shadow: {
    pairs: 200,
    agreed: 190,
    candidate_failed: 1,
    stable_failed: 0,
    shed: 12,
    agreement: { share: 0.95, low: 0.91, high: 0.97 },
    distance: { p50: 0.001, p95: 0.02, max: 0.7 },
    run_ms: { stable: { p95: 1.5 }, candidate: { p95: 0.9 } },
    worst: [{ prediction: 'the-worst', distance: 0.7 }],
  },
  verdict: 'keep_collecting',
}

test('of a shadow the agreement is shown, what was left out, and where to look', () => {
  const text = presentComparison(comparison)
  expect(text).toContain('200 predictions repeated, 12 left out under load')
  expect(text).toContain('95.00 % (91.00 % to 97.00 %, 95 %)')
  expect(text).toContain('the-worst  0.700')
  expect(text).toContain('look at where they differ')
})

test('of a split both arms are shown beside each other', () => {
  expect(presentComparison({ ...comparison, shadow: null })).toMatch(/error rate +- +-/)
})
