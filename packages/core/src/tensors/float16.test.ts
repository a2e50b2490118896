import { expect, test } from 'vitest'
import { fromHalf, toHalf } from './float16.js'

const halves = Array.from({ length: 0x1_0000 }, (_, half) => half)

test('every half is the nearest half of its own value', () => {
  const numbers = halves.filter((half) => !Number.isNaN(fromHalf(half)))
  expect(numbers.map((half) => toHalf(fromHalf(half)))).toEqual(numbers)
  expect(fromHalf(toHalf(Number.NaN))).toBeNaN()
})

test('values between two halves go to the nearer one, ties to even, and beyond the range to infinity', () => {
  expect(fromHalf(toHalf(1 + 2 ** -11))).toBe(1)
  expect(fromHalf(toHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9)
  expect(fromHalf(toHalf(1 + 2 ** -11 + 2 ** -20))).toBe(1 + 2 ** -10)
  expect(fromHalf(toHalf(2047.9))).toBe(2048)
  expect(fromHalf(toHalf(65_519))).toBe(65_504)
  expect(fromHalf(toHalf(-65_520))).toBe(Number.NEGATIVE_INFINITY)
  expect(fromHalf(toHalf(2 ** -26))).toBe(0)
})
