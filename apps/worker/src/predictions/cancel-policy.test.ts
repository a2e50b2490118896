import { expect, test } from 'vitest'
import { CancelPolicy } from './cancel-policy.js'

function policyAt(clock: { now: number }): CancelPolicy {
  return new CancelPolicy({ minRunMs: 1000, pauseMs: 10_000, now: () => clock.now })
}

test('a run is left alone until ending it is cheaper than letting it end', () => {
  const clock = { now: 50_000 }
  const policy = policyAt(clock)
  expect(policy.delayMs(49_700)).toBe(700)
  clock.now += 700
  expect(policy.delayMs(49_700)).toBe(0)
})

test('two kills are never closer than the pause', () => {
  const clock = { now: 50_000 }
  const policy = policyAt(clock)
  policy.killed()
  expect(policy.delayMs(0)).toBe(10_000)
  clock.now += 10_000
  expect(policy.delayMs(0)).toBe(0)
})
