import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdsMoreThan, nestsDeeperThan } from './json-depth.js'

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

test('agrees with what the parsed text nests', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat({ max: 8 }), (value, most) => {
      expect(nestsDeeperThan(most, JSON.stringify(value))).toBe(depthOf(value) > most)
    }),
  )
})

test('brackets and escaped quotes inside strings do not count', () => {
  expect(nestsDeeperThan(1, String.raw`["[[[[", "\"[[", "\\", "{{"]`)).toBe(false)
})

test('text that no parser could hold is found deep at once', () => {
  expect(nestsDeeperThan(32, '['.repeat(5_000_000))).toBe(true)
})

test('values are counted as a parser finds them, but for what is empty', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      const [most, least] = [countOf(value, 1), countOf(value, 0)]
      const padded = `${text}${' '.repeat(2 * most)}`
      expect(holdsMoreThan(most, padded)).toBe(false)
      expect(least > 1 && holdsMoreThan(least - 1, padded)).toBe(least > 1)
    }),
  )
})

/** An empty array or object may count for one more. */
function countOf(value: unknown, perEmpty: 0 | 1): number {
  if (typeof value !== 'object' || value === null) return 1
  const inside = Object.values(value)
  if (inside.length === 0) return 1 + perEmpty
  return inside.reduce((sum: number, each) => sum + countOf(each, perEmpty), 1)
}

test('a text too short for so many values is not looked at, and strings hold none', () => {
  expect(holdsMoreThan(10, '[,,,,,,,,,,,,')).toBe(false)
  expect(holdsMoreThan(3, `["${',['.repeat(50)}"]`)).toBe(false)
  expect(holdsMoreThan(1_000_000, '1,'.repeat(1_000_001))).toBe(true)
})
