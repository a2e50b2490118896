import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leftoversUntil, mostAhead, priorityOf, takenBack, turnOf } from './priority.js'

const turn = fc.nat(3_000_000)

test('a turn that is later is never served before an earlier one', () => {
  fc.assert(
    fc.property(turn, turn, (a, b) => {
      fc.pre(a <= b)
      expect(priorityOf(a)).toBeLessThanOrEqual(priorityOf(b))
    }),
  )
})

test('every priority is one that BullMQ takes and puts in order, whenever the job arrives', () => {
  fc.assert(
    fc.property(turn, fc.integer({ min: 1, max: 2 ** 32 - 2 }), (wanted, arrival) => {
      const priority = priorityOf(wanted)
      expect(priority).toBeGreaterThan(0)
      expect(priority).toBeLessThanOrEqual(2 ** 21)
      const score = priority * 2 ** 32 + arrival
      expect(score).toBeLessThan(score + 1)
      expect(turnOf(score)).toBe(priority)
    }),
  )
})

test('after turns were taken back, none that is given is as far away as one that was left', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: leftoversUntil }), fc.nat(mostAhead), (front, ahead) => {
      expect(front + ahead).toBeLessThanOrEqual(takenBack)
    }),
  )
})
