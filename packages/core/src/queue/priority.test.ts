import fc from 'fast-check'
import { expect, test } from 'vitest'
import { predictionClasses } from '../predictions/prediction.js'
import { priorityOf, scoresOf, turnOf } from './priority.js'

const turn = fc.nat(2_000_000)

test('the class decides first, then the turn', () => {
  fc.assert(
    fc.property(fc.nat(3), fc.nat(3), turn, turn, (i, j, turnA, turnB) => {
      const [a, b] = [predictionClasses[i], predictionClasses[j]]
      fc.pre(a !== undefined && b !== undefined)
      const isBefore = i < j || (i === j && turnA <= turnB)
      fc.pre(isBefore)
      expect(priorityOf(a, turnA)).toBeLessThanOrEqual(priorityOf(b, turnB))
    }),
  )
})

test('every priority is one that BullMQ takes and puts in order', () => {
  fc.assert(
    fc.property(fc.constantFrom(...predictionClasses), turn, (name, wanted) => {
      const priority = priorityOf(name, wanted)
      expect(priority).toBeGreaterThan(0)
      expect(priority).toBeLessThanOrEqual(2 ** 21)
    }),
  )
})

test('the turn is read from the score of a job again, and its class has that score', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...predictionClasses),
      fc.integer({ min: 1, max: 499_999 }),
      fc.nat(2 ** 32 - 1),
      (name, wanted, arrival) => {
        const score = priorityOf(name, wanted) * 2 ** 32 + arrival
        expect(turnOf(score)).toBe(wanted)
        const [from, below] = scoresOf(name)
        expect(score >= from && score < below).toBe(true)
      },
    ),
  )
})
