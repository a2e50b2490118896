import { expect, test } from 'vitest'
import { Turns } from './turns.js'

test('whoever had a turn longest ago hears first that the runner is free', () => {
  const turns = new Turns()
  const heard: string[] = []
  const listeners = ['a', 'b', 'c'].map((name) => () => void heard.push(name))
  for (const listener of listeners) turns.join(listener)
  const [a = () => undefined, b = () => undefined] = listeners
  turns.take(b)()
  turns.take(a)()
  expect(heard).toEqual(['a', 'c', 'b', 'c', 'b', 'a'])
})

test('a runner is free when every turn has ended, each of which ends once', () => {
  const turns = new Turns()
  let calls = 0
  const listener = () => void calls++
  turns.join(listener)
  const [endFirst, endSecond] = [turns.take(listener), turns.take(listener)]
  endFirst()
  endFirst()
  expect([turns.isFree, calls]).toEqual([false, 0])
  endSecond()
  expect([turns.isFree, calls]).toEqual([true, 1])
})

test('nobody who left hears of it', () => {
  const turns = new Turns()
  let calls = 0
  const listener = () => void calls++
  turns.join(listener)
  turns.leave(listener)
  turns.take(listener)()
  expect(calls).toBe(0)
})
