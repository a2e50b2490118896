import { expect, test } from 'vitest'
import { type DrainOptions, drainQueue } from './drain-queue.js'

const never = new AbortController().signal

function drain(more: Partial<DrainOptions>) {
  const options = {
    countOpen: async () => 1,
    isHandedOver: () => false,
    lingerMs: 0,
    drainMs: 60_000,
    signal: never,
  }
  return drainQueue({ ...options, ...more })
}

test('a queue of which nothing is open is empty, after the time in which something may still come', async () => {
  expect(await drain({ countOpen: async () => 0 })).toBe('empty')
  const open = [2, 1, 0]
  expect(await drain({ countOpen: async () => open.shift() ?? 0 })).toBe('empty')
  expect(open).toEqual([])
})

test('a queue that another consumes need not be waited for', async () => {
  expect(await drain({ isHandedOver: () => true })).toBe('empty')
})

test('what is still open at the end of the drain time is given up, also when nobody can count it', async () => {
  expect(await drain({ drainMs: 0 })).toBe('expired')
  const countOpen = () => Promise.reject(new Error('no Redis'))
  expect(await drain({ drainMs: 100, countOpen })).toBe('expired')
})

test('who is told to stay stops waiting', async () => {
  const staying = new AbortController()
  const drained = drain({ signal: staying.signal, countOpen: () => new Promise(() => {}) })
  staying.abort()
  expect(await drained).toBe('aborted')
})
