import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RequestRate } from './request-rate.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

/** As one process counts. */
const createRate = () => new RequestRate({ redis: context.redis, keyPrefix: context.keys.requestRate })

test('of many that come at once as many go through as may, and the others wait for nobody', async () => {
  const rate = createRate()
  const taken = Array.from({ length: 10 }, () => rate.take('a', 3))
  expect(taken.map((each) => each instanceof Promise)).toEqual(Array.from({ length: 10 }, (_, i) => i < 3))
  const answers = await Promise.all(taken.map(async (each) => each))
  expect(answers.filter(({ isAllowed }) => isAllowed)).toHaveLength(3)
  expect(answers.at(-1)).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 })
})

test('what another process let through counts as well', async () => {
  const [one, other] = [createRate(), createRate()]
  await expect
    .poll(
      async () => {
        await one.take('a', 1)
        return (await other.take('a', 1)).isAllowed
      },
      { timeout: 30_000 },
    )
    .toBe(false)
})

test('one actor who has nothing left keeps no other from anything', async () => {
  const rate = createRate()
  await rate.take('a', 1)
  expect(await rate.take('b', 1)).toMatchObject({ isAllowed: true })
})

test('once its window is over an actor may send again', async () => {
  const rate = createRate()
  await Promise.all([rate.take('a', 1), rate.take('a', 1)])
  await expect
    .poll(async () => (await rate.take('a', 1)).isAllowed, { interval: 50, timeout: 30_000 })
    .toBe(true)
})
