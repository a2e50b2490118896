import { startRedis } from '@augur/test-support/redis-server'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectFailFast, whenConnected } from '../redis/connection.js'
import { FailedAttempts } from './failed-attempts.js'

let core: TestContext
beforeEach(async () => {
  core = await createTestContext()
  await whenConnected(core.redis, 5000)
})
afterEach(() => core.close())

const perMinute = 3
const inOneProcess = () =>
  new FailedAttempts({ redis: core.redis, keyPrefix: core.keys.failedAttempts, perMinute })

async function countTimes(attempts: FailedAttempts, times: number, address: string): Promise<void> {
  for (let i = 0; i < times; i++) await attempts.count(address)
}

test('wrong keys from one address are counted over all processes, and nobody else is blocked', async () => {
  const [one, other] = [inOneProcess(), inOneProcess()]
  await countTimes(one, 2, '203.0.113.7')
  expect(await other.count('203.0.113.7')).toEqual({ blockedSeconds: null, isFirst: false })
  const refused = await other.count('203.0.113.7')
  expect(refused.isFirst).toBe(true)
  expect(refused.blockedSeconds).toBeGreaterThan(0)
  expect(refused.blockedSeconds).toBeLessThanOrEqual(60)
  expect(await one.count('203.0.113.7')).toMatchObject({ isFirst: false })
  expect(await one.blockedSeconds('203.0.113.7')).not.toBeNull()
  expect(await one.blockedSeconds('203.0.113.8')).toBeNull()
})

test('one subscriber’s IPv6 addresses share what they have', async () => {
  const attempts = inOneProcess()
  await countTimes(attempts, perMinute, '2001:db8::1')
  expect((await attempts.count('2001:db8::2')).blockedSeconds).not.toBeNull()
})

test('an address that had a right key before is not shut out', async () => {
  const attempts = inOneProcess()
  attempts.remember('203.0.113.7')
  await countTimes(attempts, perMinute + 1, '203.0.113.7')
  expect(await attempts.blockedSeconds('203.0.113.7')).toBeNull()
  expect(await inOneProcess().blockedSeconds('203.0.113.7')).not.toBeNull()
})

test('while Redis is away a process counts for itself', async () => {
  const server = await startRedis()
  const redis = connectFailFast({ url: server.url, name: 'test', logger: core.logger })
  await whenConnected(redis, 5000)
  const attempts = new FailedAttempts({ redis, keyPrefix: 'test', perMinute })
  server.kill('SIGKILL')
  await server.exited
  await countTimes(attempts, perMinute, '203.0.113.7')
  expect((await attempts.count('203.0.113.7')).blockedSeconds).not.toBeNull()
  expect(await attempts.blockedSeconds('203.0.113.7')).not.toBeNull()
  redis.disconnect()
  await server.stop()
})
