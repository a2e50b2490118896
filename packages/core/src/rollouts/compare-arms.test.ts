import { expect, test } from 'vitest'
import type { ArmCounts } from './arm-store.js'
import { compareArms } from './compare-arms.js'

const arm = (succeeded: number, failed: number, feedback = { right: 0, count: 0 }): ArmCounts => ({
  succeeded,
  failed,
  canceled: 0,
  expired: 0,
  latencyMs: { p50: 1, p95: 2, p99: 3 },
  labels: [],
  feedback,
  meanScore: null,
})
const verdict = (stable: ArmCounts, candidate: ArmCounts) => compareArms(stable, candidate).verdict

test('nothing yet is a reason to keep collecting', () => {
  expect(verdict(arm(0, 0), arm(0, 0))).toBe('keep_collecting')
  expect(verdict(arm(50, 0), arm(5, 0))).toBe('keep_collecting')
})

test('a candidate that surely fails more is worse, whatever its feedback', () => {
  const good = { right: 100, count: 100 }
  expect(verdict(arm(1000, 0, { right: 50, count: 100 }), arm(90, 10, good))).toBe('candidate_worse')
})

test('feedback decides where both fail as rarely', () => {
  const [poor, good] = [
    { right: 80, count: 100 },
    { right: 95, count: 100 },
  ]
  expect(verdict(arm(500, 1, poor), arm(500, 1, good))).toBe('candidate_better')
  expect(verdict(arm(500, 1, good), arm(500, 1, poor))).toBe('candidate_worse')
})

test('a few answers of feedback are too few to say that there is no difference', () => {
  const some = { right: 9, count: 10 }
  expect(verdict(arm(5000, 0, some), arm(5000, 0, some))).toBe('keep_collecting')
})

test('as many predictions as would show a difference, and none shown: no difference', () => {
  const { errors, verdict: said } = compareArms(arm(4900, 100), arm(4890, 110))
  expect(errors.neededPerArm).toBeLessThan(5000)
  expect(said).toBe('no_difference')
})

test('the interval of the difference holds the difference', () => {
  const { errors } = compareArms(arm(90, 10), arm(80, 20))
  expect(errors.difference).toBeCloseTo(0.1, 12)
  expect(errors.interval.low).toBeLessThan(0.1)
  expect(errors.interval.high).toBeGreaterThan(0.1)
})
