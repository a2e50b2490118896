import { expect, test } from 'vitest'
import { FetchPlaces } from './fetch-places.js'

test('one tenant or host takes no more than its part, and all of them no more than there is', () => {
  const places = new FetchPlaces({ most: 3, mostAlike: 2 })
  const first = places.take(['tenant a', 'host x'])
  expect(places.take(['tenant a', 'host y'])).not.toBeNull()
  expect(places.take(['tenant a', 'host z'])).toBeNull()
  expect(places.isFull).toBe(false)
  expect(places.take(['tenant b', 'host x'])).not.toBeNull()
  expect(places.isFull).toBe(true)
  expect(places.take(['tenant c', 'host z'])).toBeNull()
  first?.()
  first?.()
  expect(places.take(['tenant a', 'host z'])).not.toBeNull()
  expect(places.isFull).toBe(true)
})
