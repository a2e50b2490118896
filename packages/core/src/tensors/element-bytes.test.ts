import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ElementType, elementTypes } from '../models/manifest.js'
import { datatypeOf, datatypes, elementTypeOf } from './datatype.js'
import { bytesToElements, elementsToBytes, findBytesProblem, type JsonElement } from './element-bytes.js'

const long = (minimum: bigint, maximum: bigint) =>
  fc.bigInt({ min: minimum, max: maximum }).map((value): JsonElement => {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  })
const whole = (minimum: number, maximum: number) => fc.integer({ min: minimum, max: maximum })
const float = (numbers: fc.Arbitrary<number>) =>
  numbers.map((value): JsonElement => (Number.isFinite(value) ? value : String(value)))

/** Elements as JSON holds them, each exact in its type. */
const elements: Record<ElementType, fc.Arbitrary<JsonElement>> = {
  // Every half of up to 11 bits.
  float16: fc.oneof(whole(-2048, 2048), fc.constantFrom('NaN', 'Infinity', '-Infinity', 0.5, 65_504)),
  float32: float(fc.float()),
  float64: float(fc.double()),
  int8: whole(-128, 127),
  int16: whole(-32_768, 32_767),
  int32: whole(-(2 ** 31), 2 ** 31 - 1),
  int64: long(-(2n ** 63n), 2n ** 63n - 1n),
  uint8: whole(0, 255),
  uint16: whole(0, 65_535),
  uint32: whole(0, 2 ** 32 - 1),
  uint64: long(0n, 2n ** 64n - 1n),
  bool: fc.boolean(),
  string: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
}

describe.each(elementTypes)('%s', (type) => {
  test('elements become bytes and the same elements again', () => {
    fc.assert(
      fc.property(fc.array(elements[type]), (values) => {
        const bytes = elementsToBytes(type, values)
        expect(findBytesProblem(type, bytes, values.length)).toBeUndefined()
        expect(bytesToElements(type, bytes)).toEqual(values)
      }),
    )
  })

  test('a byte too few or too many is a problem', () => {
    const bytes = elementsToBytes(type, [type === 'string' ? 'ab' : type === 'bool' ? true : 1])
    expect(findBytesProblem(type, bytes, 1)).toBeUndefined()
    expect(findBytesProblem(type, bytes.subarray(1), 1)).toContain('must hold')
    expect(findBytesProblem(type, Buffer.concat([bytes, Buffer.alloc(1)]), 1)).toContain('must hold')
    expect(findBytesProblem(type, bytes, 2)).toContain('must hold')
  })
})

test('bytes are little-endian, strings carry their length', () => {
  expect(elementsToBytes('int32', [1, -2]).toString('hex')).toBe('01000000feffffff')
  expect(elementsToBytes('int64', ['-9223372036854775808']).toString('hex')).toBe('0000000000000080')
  expect(elementsToBytes('bool', [true, false]).toString('hex')).toBe('0100')
  expect(elementsToBytes('string', ['é', '']).toString('hex')).toBe('02000000c3a900000000')
})

test('bytes that are no boolean and no UTF-8 are a problem', () => {
  expect(findBytesProblem('bool', Buffer.of(0, 2), 2)).toContain('0 or 1')
  expect(findBytesProblem('string', Buffer.of(1, 0, 0, 0, 0xff), 1)).toContain('UTF-8')
  expect(findBytesProblem('string', Buffer.of(1, 0, 0, 0, 0), 1)).toContain('U+0000')
  expect(() => bytesToElements('string', Buffer.of(9, 0, 0, 0))).toThrow(RangeError)
  expect(() => bytesToElements('int32', Buffer.of(9))).toThrow(RangeError)
})

test('each element type has one datatype of the Open Inference Protocol, and the other way round', () => {
  expect(elementTypes.map(datatypeOf).toSorted()).toEqual(datatypes.toSorted())
  expect(datatypes.map(elementTypeOf).map(datatypeOf)).toEqual(datatypes)
})
