import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MicroBatcher } from './micro-batcher.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A batcher that counts its calls of onReady. */
function createBatcher(maxSize: number, maxDelayMs: number) {
  const gone = new Set<number>()
  const onReady = vi.fn<() => void>()
  const batcher = new MicroBatcher<number>({ maxSize, maxDelayMs, onReady, isGone: (item) => gone.has(item) })
  return { batcher, gone, onReady }
}

/** The same after four items, or a full batch, have come together just now. */
function busyBatcher(maxSize: number, maxDelayMs: number) {
  const { batcher, onReady } = createBatcher(maxSize, maxDelayMs)
  for (const item of [-4, -3, -2, -1].slice(-maxSize)) batcher.add(item)
  batcher.take()
  onReady.mockClear()
  return { batcher, onReady }
}

describe('when a batch is ready', () => {
  test('an item that arrives after a quiet time is ready at once', () => {
    const { batcher, onReady } = createBatcher(4, 10)
    batcher.add(1)
    expect(onReady).toHaveBeenCalledTimes(1)
    expect(batcher.take()).toEqual([1])
  })

  test('one that arrives alone, however soon after the last, is ready at once', () => {
    const { batcher, onReady } = createBatcher(4, 10)
    for (const item of [1, 2, 3]) {
      batcher.add(item)
      expect(onReady).toHaveBeenCalledTimes(item)
      expect(batcher.take()).toEqual([item])
      vi.advanceTimersByTime(1)
    }
  })

  test('while others keep arriving an item waits for more, but no longer than the delay', () => {
    const { batcher, onReady } = busyBatcher(8, 10)
    batcher.add(1)
    vi.advanceTimersByTime(9)
    batcher.add(2)
    expect([onReady.mock.calls.length, batcher.take()]).toEqual([0, []])
    vi.advanceTimersByTime(1)
    expect(onReady).toHaveBeenCalledTimes(1)
    expect(batcher.take()).toEqual([1, 2])
  })

  test('as many as lately came together are ready at once', () => {
    const { batcher, onReady } = busyBatcher(8, 10)
    for (const item of [1, 2, 3]) batcher.add(item)
    expect(onReady).toHaveBeenCalledTimes(0)
    batcher.add(4)
    expect(onReady).toHaveBeenCalledTimes(1)
    expect(batcher.take()).toEqual([1, 2, 3, 4])
  })

  test('batches grow to what comes within the delay, also from small ones', () => {
    const { batcher } = busyBatcher(32, 10)
    const sizes: number[] = []
    for (let item = 0; item < 400; item++) {
      batcher.add(item)
      vi.advanceTimersByTime(1)
      const batch = batcher.take()
      if (batch.length > 0) sizes.push(batch.length)
    }
    expect(Math.min(...sizes.slice(-10))).toBeGreaterThanOrEqual(8)
  })

  test('after a crowd has left, those who come alone soon go alone again', () => {
    const { batcher } = busyBatcher(8, 10)
    const waitedMs = Array.from({ length: 6 }, (_, item) => {
      batcher.add(item)
      const since = performance.now()
      while (batcher.take().length === 0) vi.advanceTimersByTime(1)
      return performance.now() - since
    })
    expect(waitedMs.every((ms) => ms <= 10)).toBe(true)
    expect(waitedMs.slice(-3)).toEqual([0, 0, 0])
  })

  test('a full batch is ready at once', () => {
    const { batcher, onReady } = busyBatcher(2, 10)
    batcher.add(1)
    expect(onReady).toHaveBeenCalledTimes(0)
    batcher.add(2)
    expect(onReady).toHaveBeenCalledTimes(1)
    expect(batcher.take()).toEqual([1, 2])
  })

  test('what was left behind by a full batch keeps the time that it has waited', () => {
    const { batcher } = busyBatcher(2, 10)
    for (const item of [1, 2, 3]) batcher.add(item)
    vi.advanceTimersByTime(6)
    expect(batcher.take()).toEqual([1, 2])
    expect(batcher.take()).toEqual([])
    vi.advanceTimersByTime(4)
    expect(batcher.take()).toEqual([3])
  })
})

describe('items that leave', () => {
  test('a removed item is in no batch and does not keep an empty one ready', () => {
    const { batcher } = createBatcher(4, 10)
    batcher.add(1)
    batcher.remove(1)
    expect(batcher.size).toBe(0)
    expect(batcher.take()).toEqual([])
  })

  test('gone items are left out, and others take their places', () => {
    const { batcher, gone } = createBatcher(2, 10)
    for (const item of [1, 2, 3, 4]) batcher.add(item)
    gone.add(1).add(3)
    expect(batcher.take()).toEqual([2, 4])
  })
})

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant('add' as const) },
  { weight: 2, arbitrary: fc.constant('take' as const) },
  { weight: 1, arbitrary: fc.constant('remove' as const) },
  { weight: 1, arbitrary: fc.constant('gone' as const) },
  { weight: 3, arbitrary: fc.nat(12) },
)

test('whatever happens in whatever order, each item that stays is taken once, in order, in batches that fit', () => {
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), fc.nat(8), (steps, maxSize, maxDelayMs) => {
      const { batcher, gone } = createBatcher(maxSize, maxDelayMs)
      const taken: number[] = []
      const left = new Set<number>()
      let added = 0
      const take = () => {
        const batch = batcher.take()
        expect(batch.length).toBeLessThanOrEqual(maxSize)
        taken.push(...batch)
      }
      /** The newest item, unless it was taken. */
      const leaver = () => (taken.includes(added) ? undefined : added)
      for (const next of steps) {
        const item = leaver()
        if (next === 'add') batcher.add(++added)
        else if (next === 'take') take()
        else if (typeof next === 'number') vi.advanceTimersByTime(next)
        else if (item) {
          left.add(item)
          if (next === 'remove') batcher.remove(item)
          else gone.add(item)
        }
      }
      vi.advanceTimersByTime(maxDelayMs + 1)
      while (batcher.size > 0) take()
      expect(taken).toEqual(Array.from({ length: added }, (_, i) => i + 1).filter((item) => !left.has(item)))
    }),
  )
})

test('with an idle consumer no item waits longer than the delay', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(12)),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(8),
      (gaps, maxSize, maxDelayMs) => {
        const batcher: MicroBatcher<number> = new MicroBatcher<number>({
          maxSize,
          maxDelayMs,
          onReady: () => {
            for (const addedAtMs of batcher.take()) {
              expect(performance.now() - addedAtMs).toBeLessThanOrEqual(maxDelayMs)
            }
          },
        })
        for (const gap of gaps) {
          vi.advanceTimersByTime(gap)
          batcher.add(performance.now())
        }
        vi.advanceTimersByTime(maxDelayMs)
        expect(batcher.size).toBe(0)
      },
    ),
  )
})
