import { expect, test } from 'vitest'
import { RunSize } from './run-size.js'

test('short runs grow, long ones shrink, and neither leaves its bounds', () => {
  const size = new RunSize({ least: 8, most: 32 })
  const sizes = [1, 1, 1, 10, 100, 100, 100].map((tookMs) => {
    size.note(size.current, tookMs)
    return size.current
  })
  expect(sizes).toEqual([16, 32, 32, 32, 16, 8, 8])
})

test('a run that was short for want of lines says nothing', () => {
  const size = new RunSize({ least: 8, most: 32 })
  size.note(3, 1)
  expect(size.current).toBe(8)
})
