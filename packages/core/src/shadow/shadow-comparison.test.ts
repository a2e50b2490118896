import { expect, test } from 'vitest'
import { judgeShadow } from './shadow-comparison.js'

const judge = (outcomes: {
  agreed?: number
  differed?: number
  candidate_failed?: number
  stable_failed?: number
}) =>
  judgeShadow({
    outcomes: { agreed: 0, differed: 0, candidate_failed: 0, stable_failed: 0, both_failed: 0, ...outcomes },
  })

test('a candidate that surely fails more often is worse, one that surely fails less often is better', () => {
  expect(judge({ agreed: 90, candidate_failed: 10 }).verdict).toBe('candidate_worse')
  expect(judge({ agreed: 90, stable_failed: 10 }).verdict).toBe('candidate_better')
  expect(judge({ agreed: 90, candidate_failed: 2, stable_failed: 3 }).verdict).toBe('keep_collecting')
})

test('versions that agree on nearly everything do not differ, once there are enough pairs to be sure', () => {
  expect(judge({ agreed: 20 }).verdict).toBe('keep_collecting')
  expect(judge({ agreed: 100 }).verdict).toBe('keep_collecting')
  expect(judge({ agreed: 400 }).verdict).toBe('no_difference')
  expect(judge({ agreed: 400, differed: 40 }).verdict).toBe('keep_collecting')
})

test('agreement is a share of what the stable version answered', () => {
  expect(judge({ agreed: 6, differed: 2, candidate_failed: 2, stable_failed: 5 })).toMatchObject({
    pairs: 15,
    agreement: { hits: 6, count: 10 },
  })
})
