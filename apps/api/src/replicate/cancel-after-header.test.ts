import { ServiceError } from '@augur/core/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCancelAfter } from './cancel-after-header.js'

test.each([
  ['30', 30],
  ['30s', 30],
  ['5m', 300],
  ['1h30m45s', 5445],
  ['1h45s', 3645],
  ['0h0m5s', 5],
  [' 168h ', 604_800],
])('%o is %i seconds', (text, seconds) => {
  expect(parseCancelAfter(text)).toBe(seconds * 1000)
})

test.each([
  '',
  's',
  '4',
  '4.9s',
  '-30',
  '5 m',
  '1m1h',
  '30S',
  '1d',
  '169h',
  '999999999s',
  '1h30',
  '1e3',
  'm5',
])('%o is refused', (text) => {
  expect(() => parseCancelAfter(text)).toThrow(/Cancel-After/)
})

test('no header is no deadline', () => {
  expect(parseCancelAfter(undefined)).toBeNull()
})

/** What the parser makes of a text, or the code that it refuses it with. */
function outcomeOf(text: string): unknown {
  try {
    return parseCancelAfter(text)
  } catch (error) {
    return error instanceof ServiceError ? error.code : error
  }
}

test('any text is refused or a time within the bounds', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9hms ]{0,12}$/), (text) => {
      const outcome = outcomeOf(text)
      const isTime = typeof outcome === 'number' && outcome >= 5000 && outcome <= 604_800_000
      expect(isTime || outcome === 'invalid_request').toBe(true)
    }),
  )
})
