import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nestsDeeperThan } from './json-depth.js'

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
