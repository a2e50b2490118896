import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePrefer } from './prefer-header.js'

test.each([
  [undefined, null],
  ['respond-async', null],
  ['wait=0', null],
  ['wait', { seconds: 55, applied: 'wait' }],
  ['wait=7', { seconds: 7, applied: 'wait=7' }],
  ['wait="7"', { seconds: 7, applied: 'wait=7' }],
  ['WAIT = 7', { seconds: 7, applied: 'wait=7' }],
  ['respond-async, wait=7;strict', { seconds: 7, applied: 'wait=7' }],
  ['wait=90', { seconds: 55, applied: 'wait=55' }],
])('Prefer: %s means %o', (header, expected) => {
  expect(parsePrefer(header, 55)).toEqual(expected)
})

test.each(['wait=-1', 'wait=soon', 'wait=1.5', 'wait=', 'wait=99999999999'])(
  'Prefer: %s is refused',
  (header) => {
    expect(() => parsePrefer(header, 55)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  },
)

test('no header is held for longer than the limit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (wanted) => {
      expect(parsePrefer(`respond-async, wait=${wanted}`, 55)?.seconds ?? 0).toBe(Math.min(wanted, 55))
    }),
  )
})

test('no other preference is taken for a wait', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/wait/i.test(text)),
      (header) => {
        expect(parsePrefer(header, 55)).toBeNull()
      },
    ),
  )
})
