import { expect, test } from 'vitest'
import { ByteBudget } from './byte-budget.js'

const patient = () => ({ waitMs: 60_000, signal: new AbortController().signal })

test('no more than the budget is held, and who waits gets it in the order of arrival', async () => {
  const budget = new ByteBudget(10)
  const first = await budget.take(8, patient())
  const order: string[] = []
  const takeAs = async (name: string, bytes: number) => {
    const release = await budget.take(bytes, patient())
    order.push(name)
    return release
  }
  const [large, small] = [takeAs('large', 9), takeAs('small', 1)]
  expect(budget.size).toBe(8)
  first?.()
  first?.()
  for (const taken of [large, small]) (await taken)?.()
  expect(order).toEqual(['large', 'small'])
  expect(budget.size).toBe(0)
})

test('who wants more than there is gets all of it, alone', async () => {
  const budget = new ByteBudget(10)
  const small = await budget.take(1, patient())
  const large = budget.take(1000, patient())
  expect(budget.size).toBe(1)
  small?.()
  const release = await large
  expect(budget.size).toBe(10)
  release?.()
  expect(budget.size).toBe(0)
})

test('who leaves or runs out of time takes nothing, and keeps nobody waiting', async () => {
  const budget = new ByteBudget(10)
  await budget.take(5, patient())
  const left = new AbortController()
  const leaving = budget.take(6, { waitMs: 60_000, signal: left.signal })
  const behind = budget.take(5, patient())
  left.abort()
  expect(await leaving).toBeNull()
  expect(await behind).not.toBeNull()
  expect(await budget.take(1, { waitMs: 1, signal: left.signal })).toBeNull()
  expect(await budget.take(1, { ...patient(), waitMs: 1 })).toBeNull()
  expect(budget.size).toBe(10)
})
