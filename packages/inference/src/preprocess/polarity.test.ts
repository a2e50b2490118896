import { expect, test } from 'vitest'
import { matchInk } from './polarity.js'

/** A bar of ink through the middle of 5 × 5 pixels that touches two borders. */
const bar = (ink: number, paper: number) =>
  new Float32Array(Array.from({ length: 25 }, (_, index) => (index % 5 === 2 ? ink : paper)))

test('the border decides the background, and an image with the other one is inverted', () => {
  expect(matchInk(bar(0, 1), 5, 1, 'light')).toEqual(bar(1, 0))
  expect(matchInk(bar(1, 0), 5, 1, 'dark')).toEqual(bar(0, 1))
})

test('an image with the right background stays as it is', () => {
  expect(matchInk(bar(1, 0), 5, 1, 'light')).toEqual(bar(1, 0))
  expect(matchInk(bar(0, 1), 5, 1, 'dark')).toEqual(bar(0, 1))
})

test('what fills the inside does not count', () => {
  const filled = new Float32Array(100).fill(1)
  for (let index = 0; index < 100; index++) {
    const isBorder = index < 10 || index >= 90 || index % 10 === 0 || index % 10 === 9
    if (isBorder) filled[index] = 0.1
  }
  expect(matchInk(filled, 10, 1, 'light')).toBe(filled)
  expect(matchInk(filled, 5, 2, 'light')).toBe(filled)
})
