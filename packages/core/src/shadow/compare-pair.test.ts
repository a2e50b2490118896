import { expect, test } from 'vitest'
import { badnessOf, comparePair } from './compare-pair.js'

const digit = (label: string, ...[zero, one]: [number, number]) =>
  JSON.stringify({ label, probabilities: { '0': zero, '1': one } })

test('classes agree by the class, however sure each version is of it', () => {
  const pair = comparePair(digit('1', 0.1, 0.9), digit('1', 0.4, 0.6))
  expect(pair.outcome).toBe('agreed')
  expect(pair.distance).toBeCloseTo(0.3)
  expect(comparePair(digit('1', 0.4, 0.6), digit('0', 0.6, 0.4)).outcome).toBe('differed')
})

test('numbers agree within a hundredth of the largest one', () => {
  const outcomeOf = (a: unknown, b: unknown) => comparePair(JSON.stringify(a), JSON.stringify(b)).outcome
  expect(outcomeOf([100, 0], [100.9, 0.9])).toBe('agreed')
  expect(outcomeOf([100, 0], [101.1, 0])).toBe('differed')
  expect(outcomeOf([1, 2], [1, 2, 3])).toBe('differed')
  expect(outcomeOf({ value: 0 }, { value: 0 })).toBe('agreed')
})

test('answers without numbers agree when they are equal', () => {
  expect(comparePair('{"text":"a"}', '{"text":"a"}')).toEqual({ outcome: 'agreed', distance: null })
  expect(comparePair('{"text":"a"}', '{"text":"b"}').outcome).toBe('differed')
})

test('a failure is told by whose it was, and the worst that a candidate can do', () => {
  expect(comparePair(null, null).outcome).toBe('both_failed')
  expect(comparePair(null, '1').outcome).toBe('stable_failed')
  const failed = comparePair('1', null)
  expect(failed.outcome).toBe('candidate_failed')
  const ranked = [comparePair('[1]', '[5]'), comparePair('[1]', '[1,2]'), failed].map(badnessOf)
  expect(ranked).toEqual(ranked.toSorted((a, b) => Number(a) - Number(b)))
  expect(badnessOf(comparePair('1', '1'))).toBeNull()
})
