import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPredictionId, modelTag, newPredictionId, tagOfId, timeOfId, timePrefix } from './ids.js'

const time = fc.integer({ min: 0, max: 2 ** 48 })

test('an id gives back its time and its model tag', () => {
  fc.assert(
    fc.property(time, fc.string(), (nowMs, model) => {
      const id = newPredictionId(modelTag(model), nowMs)
      expect(isPredictionId(id)).toBe(true)
      expect(timeOfId(id)).toBe(nowMs)
      expect(tagOfId(id)).toBe(modelTag(model))
    }),
  )
})

test('ids sort as their times do', () => {
  fc.assert(
    fc.property(time, time, (a, b) => {
      fc.pre(a !== b)
      expect(newPredictionId(modelTag('x'), a) < newPredictionId(modelTag('y'), b)).toBe(a < b)
      expect(timePrefix(a) < timePrefix(b)).toBe(a < b)
    }),
  )
})

test('no id holds what BullMQ refuses or a URL would encode', () => {
  for (let i = 0; i < 100; i++) expect(newPredictionId(modelTag('m'), 1e12 + i)).toMatch(/^[0-9a-z]{44}$/)
})

test.each(['', 'a', '../../etc/passwd', '*', `${'0'.repeat(43)}:`, `${'0'.repeat(43)}i`, '0'.repeat(45)])(
  '%j is no prediction id',
  (text) => {
    expect(isPredictionId(text)).toBe(false)
  },
)
