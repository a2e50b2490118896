import { expect, test } from 'vitest'
import { judge } from './answers.js'

const digit = (expected: string) => ({ input: { pixels: [] }, expected })
const submitted = [
  { id: 'a', digit: digit('1') },
  { id: 'b', digit: digit('2') },
]

test('every answer as expected is neither wrong nor lost', () => {
  expect(judge(submitted, new Map(Object.entries({ a: '1', b: '2' })))).toEqual({ wrong: 0, lost: 0 })
})

test('another label is wrong, no answer is lost, a stranger is nothing', () => {
  expect(judge(submitted, new Map(Object.entries({ a: '7', c: '2' })))).toEqual({ wrong: 1, lost: 1 })
})

test('an id that two predictions were given loses one of them', () => {
  const twice = [...submitted, { id: 'a', digit: digit('1') }]
  expect(judge(twice, new Map(Object.entries({ a: '1', b: '2' })))).toEqual({ wrong: 0, lost: 1 })
})
