import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wilsonInterval } from '../statistics/proportion.js'
import { chooseArm } from './choose-arm.js'

const z99 = 2.5758293035489004

test('20,000 callers at 10 percent: the share lies within its 99 % bounds', () => {
  const callers = Array.from({ length: 20_000 }, (_, index) => `caller-${index}`)
  const hits = callers.filter((key) => chooseArm({ id: 'trial', percent: 10 }, key) === 'candidate').length
  const { low, high } = wilsonInterval({ hits, count: callers.length }, z99)
  expect(low).toBeLessThan(0.1)
  expect(high).toBeGreaterThan(0.1)
})

test('the same caller always gets the same arm, and keeps the candidate when its share grows', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 100 }),
      (key, a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a]
        const first = chooseArm({ id: 'trial', percent: less }, key)
        expect(chooseArm({ id: 'trial', percent: less }, key)).toBe(first)
        const later = chooseArm({ id: 'trial', percent: more }, key)
        expect([first, later]).not.toEqual(['candidate', 'stable'])
      },
    ),
  )
})

test('nobody at 0, everybody at 100', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      expect(chooseArm({ id: 'trial', percent: 0 }, key)).toBe('stable')
      expect(chooseArm({ id: 'trial', percent: 100 }, key)).toBe('candidate')
    }),
  )
})

test('another trial divides callers anew', () => {
  const callers = Array.from({ length: 2000 }, (_, index) => `caller-${index}`)
  const armsOf = (id: string) => callers.map((key) => chooseArm({ id, percent: 50 }, key))
  const [first, second] = [armsOf('first'), armsOf('second')]
  const same = first.filter((arm, index) => arm === second[index]).length
  expect(same).toBeGreaterThan(850)
  expect(same).toBeLessThan(1150)
})
