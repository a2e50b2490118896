import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newPredictionId } from '../ids.js'
import type { Finish } from './prediction-store.js'
import { splitFinishes } from './split-finishes.js'

const mostBytes = 1024 * 1024

function finishOf(bytes: number): Finish {
  const id = newPredictionId('0'.repeat(8), 0)
  const delivery = {
    id: `${id}.completed`,
    tenant: 'a',
    url: 'http://a',
    body: 'b'.repeat(bytes),
    after: null,
  }
  // Nothing else of a prediction is looked at.
  const ending = { output: null } as Finish['ending']
  return { prediction: { id } as Finish['prediction'], ending, deliveries: [delivery] }
}

const lengthOf = (finishes: readonly Finish[]) =>
  finishes.reduce((sum, { deliveries }) => sum + (deliveries[0]?.body.length ?? 0), 0)

test('ends go in order, all of them, and no call but that of a single one is larger than a mebibyte', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 20 }), (sizes) => {
      const finishes = sizes.map(finishOf)
      const calls = splitFinishes(finishes)
      expect(calls.flat()).toEqual(finishes)
      expect(calls.every((call) => call.length > 0)).toBe(true)
      expect(calls.every((call) => call.length === 1 || lengthOf(call) <= mostBytes)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

test('ends that are small go in one call', () => {
  expect(splitFinishes(Array.from({ length: 64 }, () => finishOf(4000)))).toHaveLength(1)
})
