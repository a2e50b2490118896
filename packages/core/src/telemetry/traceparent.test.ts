import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.js'

const place = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true }

test('a traceparent says trace, span and whether it is recorded', () => {
  expect(parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')).toEqual(place)
  expect(parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00')?.isSampled).toBe(false)
  expect(parseTraceparent(formatTraceparent(place))).toEqual(place)
})

test('what a version to come adds is left out', () => {
  expect(parseTraceparent('01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more')).toEqual(place)
})

test.each([
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  '',
])('what is no valid traceparent is none: %s', (text) => {
  expect(parseTraceparent(text)).toBeNull()
})

test('any text at all is taken for one or for none', () => {
  const isOneOrNone = (text: string) => {
    const found = parseTraceparent(text)
    return found === null || text.startsWith(`${text.slice(0, 2)}-${found.traceId}-${found.spanId}-`)
  }
  fc.assert(fc.property(fc.string(), isOneOrNone))
  expect(isOneOrNone(formatTraceparent(place))).toBe(true)
})
