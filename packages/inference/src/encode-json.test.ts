import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeJson } from './encode-json.js'

test('what JSON has no number for keeps its meaning', () => {
  const output = {
    a: [Number.NaN, Number.POSITIVE_INFINITY],
    b: Number.NEGATIVE_INFINITY,
    c: null,
    d: 'null',
  }
  expect(encodeJson(output)).toBe('{"a":["NaN","Infinity"],"b":"-Infinity","c":null,"d":"null"}')
})

test('an integer is a number while it is exact, and a string of digits beyond', () => {
  expect(encodeJson([1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n)])).toBe(
    '[1,9007199254740991,"9007199254740992","-9223372036854775808"]',
  )
  expect(encodeJson(5n)).toBe('5')
})

test('no output is null', () => {
  expect(encodeJson(undefined)).toBe('null')
})

test('a JSON value is encoded as JSON.stringify does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(encodeJson(value)).toBe(JSON.stringify(value))
    }),
  )
})
