import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { redisUrl } from './redis-url.js'
import { startRedis } from './redis-server.js'

test('a test server runs the Lua libraries that BullMQ needs and never evicts', async () => {
  const client = new Redis(redisUrl())
  const roundTrip = await client.eval(`return cmsgpack.unpack(cmsgpack.pack({1, 2, ARGV[1]}))[3]`, 0, 'three')
  const policy = await client.config('GET', 'maxmemory-policy')
  client.disconnect()
  expect(roundTrip).toBe('three')
  expect(policy).toEqual(['maxmemory-policy', 'noeviction'])
})

test('stop ends the process', async () => {
  const server = await startRedis()
  await server.stop()
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH')
})
