import { expect, test } from 'vitest'
import { findIdleGuardrails, guardrailsSchema } from './rollout.js'

const pathsOf = (mode: 'split' | 'shadow', guardrails: object) =>
  findIdleGuardrails(mode, guardrailsSchema.parse(guardrails)).map(({ path }) => path.join('.'))

test('a guardrail whose minimum its window can hardly reach is refused', () => {
  const errorRate = (window: number, minimum: number) => ({ errorRate: { maximum: 0.1, window, minimum } })
  expect(pathsOf('split', errorRate(20, 19))).toEqual([])
  expect(pathsOf('split', errorRate(20, 20))).toEqual(['errorRate.minimum'])
  expect(pathsOf('shadow', errorRate(20, 50))).toEqual(['errorRate.minimum'])
})

test('a guardrail that its mode never feeds is refused', () => {
  const feedbackAccuracy = { minimum_accuracy: 0.9 }
  const disagreement = { maximum: 0.1 }
  expect(pathsOf('split', { feedbackAccuracy })).toEqual([])
  expect(pathsOf('shadow', { feedbackAccuracy })).toEqual(['feedbackAccuracy'])
  expect(pathsOf('shadow', { disagreement })).toEqual([])
  expect(pathsOf('split', { disagreement })).toEqual(['disagreement'])
})

test('guardrails as they are by default are taken', () => {
  const limits = { errorRate: { maximum: 0.1 }, latencyP95Ms: { maximum: 5 } }
  expect(pathsOf('split', limits)).toEqual([])
  expect(pathsOf('shadow', limits)).toEqual([])
})
