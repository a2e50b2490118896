import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeSkew, readClockSkewMs, requireTrueClock } from './clock-skew.js'

const hour = 3_600_000

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

test('a clock that agrees with that of Redis is not off, and one that does not is off by as much', async () => {
  expect(await readClockSkewMs(context.redis, Date.now)).toBe(0)
  const ahead = await readClockSkewMs(context.redis, () => Date.now() + hour)
  expect(Math.round(ahead / 1000)).toBe(3600)
  const behind = await readClockSkewMs(context.redis, () => Date.now() - hour)
  expect(Math.round(behind / 1000)).toBe(-3600)
})

test('a few seconds do not matter, an hour is refused with its reason', async () => {
  expect(describeSkew(5000)).toBeNull()
  const reason = await new Promise<string>((resolve) => {
    requireTrueClock(context.redis, () => Date.now() - hour, resolve)
  })
  expect(reason).toBe('The clock of this process is 3600 s behind that of Redis.')
})
