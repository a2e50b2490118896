import { expect, test } from 'vitest'
import { parseDuration } from './parse-duration.js'

test('a duration is a whole number with its unit', () => {
  expect(['30s', '15m', '12h', '90d', '0s'].map(parseDuration)).toEqual([30, 900, 43_200, 7_776_000, 0])
})

test.each(['', '5', 'd', '-1d', '1.5h', '1w', '1d2h', ' 1d', '1D', '9999999999s'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeNull()
})
