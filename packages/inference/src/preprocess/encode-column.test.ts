import type { CategoryColumn, NumberColumn } from '@augur/core/models/pipelines/tabular'
import { describe, expect, test } from 'vitest'
import { encodeColumn } from './encode-column.js'

const age: NumberColumn = { kind: 'number', name: 'age', mean: 40, std: 10 }
const plan: CategoryColumn = {
  kind: 'category',
  name: 'plan',
  categories: ['free', 'pro', 7],
  encoding: 'one-hot',
  unknown: 'refuse',
}
const refused = (message: string) => expect.objectContaining({ name: 'InvalidInputError', message })

/** What is thrown, as a value. */
function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

describe('a number', () => {
  test('is scaled by mean and standard deviation', () => {
    expect(encodeColumn(age, 25)).toEqual([-1.5])
  })

  test('that is missing takes the declared value, which is scaled too', () => {
    expect(encodeColumn({ ...age, missing: 45 }, undefined)).toEqual([0.5])
    expect(encodeColumn({ ...age, missing: 45 }, null)).toEqual([0.5])
    expect(encodeColumn({ ...age, missing: 'NaN' }, null)).toEqual([Number.NaN])
  })

  test('that is missing and has no value to take is refused', () => {
    expect(thrownBy(() => encodeColumn(age, null))).toEqual(refused('age is required'))
    expect(thrownBy(() => encodeColumn(age, '25'))).toEqual(refused('age must be a number'))
  })
})

describe('a category', () => {
  test.each([
    ['free', [1, 0, 0], [0]],
    ['pro', [0, 1, 0], [1]],
    [7, [0, 0, 1], [2]],
  ])('%j is one-hot %j or index %j', (value, oneHot, index) => {
    expect(encodeColumn(plan, value)).toEqual(oneHot)
    expect(encodeColumn({ ...plan, encoding: 'index' }, value)).toEqual(index)
  })

  test('that is unknown is refused, without its value, or handled as declared', () => {
    expect(thrownBy(() => encodeColumn(plan, '7'))).toEqual(refused('plan must be one of its categories'))
    expect(encodeColumn({ ...plan, unknown: 'zeros' }, 'gold')).toEqual([0, 0, 0])
    expect(encodeColumn({ ...plan, unknown: 'missing', missing: 'pro' }, 'gold')).toEqual([0, 1, 0])
  })

  test('that is missing takes the declared category', () => {
    expect(encodeColumn({ ...plan, missing: 'free' }, null)).toEqual([1, 0, 0])
    expect(thrownBy(() => encodeColumn(plan, undefined))).toEqual(refused('plan is required'))
  })
})
