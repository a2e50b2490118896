import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findKeyFault } from './json-keys.js'

const faultOf = (text: string) => findKeyFault(text, JSON.parse(text))

test('text that a serializer wrote names nothing twice, whatever its strings hold', () => {
  const odd = fc.constantFrom('"', '\\', '":', '\\":"', '{"a":1,"a":2}', '__proto__', 'é\u2028')
  const string = fc.oneof(fc.string(), odd)
  const values = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, string, fc.integer(), fc.constant(null), tie('array'), tie('object')),
    array: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(
      string.map((name) => `k${name}`),
      tie('value'),
      { maxKeys: 4 },
    ),
  })).value
  fc.assert(
    fc.property(values, fc.constantFrom(0, 2), (value, space) => {
      expect(faultOf(JSON.stringify(value, null, space))).toBeNull()
    }),
  )
})

test('a property that is named twice is found at any depth, also where one name is escaped', () => {
  expect(faultOf('{"a":1,"b":2,"a":3}')).toBe('names a property twice')
  expect(faultOf('[{"x":{"a":1,"a":1}}]')).toBe('names a property twice')
  expect(faultOf(String.raw`{"a":1,"\u0061":1}`)).toBe('names a property twice')
  expect(faultOf('{"a":{"a":1},"b":{"a":1}}')).toBeNull()
})

test.each([
  '{"__proto__":1}',
  '{"x":[{"constructor" : {}}]}',
  '{"prototype":null}',
  String.raw`{"\u005f\u005fproto__":1}`,
])('%s is refused for its name', (text) => {
  expect(faultOf(text)).toMatch(/^names a property (?:__proto__|constructor|prototype)$/)
})

test('the same words as values are words', () => {
  expect(faultOf('{"x":"__proto__","y":["constructor"],"z":"prototype: \\"__proto__\\":"}')).toBeNull()
})

test('a name is as long as it may be, and no longer', () => {
  expect(faultOf(JSON.stringify({ ['k'.repeat(256)]: 1 }))).toBeNull()
  expect(faultOf(JSON.stringify({ ['k'.repeat(257)]: 1 }))).toMatch(/more than 256 characters/)
})
