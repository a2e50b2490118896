import { expect, test } from 'vitest'
import { CalmMachine } from './calm-machine.js'

function machine(maxCpuPercent: number) {
  const clock = { busy: 0, all: 0, now: 0 }
  const calm = new CalmMachine({
    maxCpuPercent,
    readTimes: () => ({ busy: clock.busy, all: clock.all }),
    now: () => clock.now,
  })
  const pass = (ms: number, busy: number) => {
    clock.now += ms
    clock.all += ms
    clock.busy += ms * busy
  }
  return { calm, pass }
}

test('a machine is calm while it has processors to spare, and not before that is known', () => {
  const { calm, pass } = machine(80)
  expect(calm.isCalm()).toBe(false)
  pass(1500, 0.9)
  expect(calm.isCalm()).toBe(false)
  pass(1500, 0.5)
  expect(calm.isCalm()).toBe(true)
})

test('it is looked at four times a second at most', () => {
  const { calm, pass } = machine(80)
  calm.isCalm()
  pass(250, 0)
  expect(calm.isCalm()).toBe(true)
  pass(200, 1)
  expect(calm.isCalm()).toBe(true)
  pass(50, 1)
  expect(calm.isCalm()).toBe(false)
})

test('what it did long ago says nothing of now', () => {
  const { calm, pass } = machine(80)
  calm.isCalm()
  pass(60_000, 0)
  expect(calm.isCalm()).toBe(false)
  pass(1500, 0)
  expect(calm.isCalm()).toBe(true)
})

test('where nobody wants to know, it is always calm', () => {
  expect(machine(100).calm.isCalm()).toBe(true)
})
