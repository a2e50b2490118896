import { startRedis } from '@augur/test-support/redis-server'
import { expect, test } from 'vitest'
import { createLogger } from '../telemetry/logger.js'
import { connectPatient } from './connection.js'
import { findDurabilityFaults, requireDurability } from './require-durability.js'

const logger = createLogger('test', 'fatal')

test('a server without append-only file, or with eviction, is told apart from one that keeps everything', async () => {
  const keeper = await startRedis({ appendonly: true })
  const loser = await startRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } })
  const [safe, unsafe] = [keeper, loser].map(({ url }) => connectPatient({ url, name: 'test', logger }))
  if (!safe || !unsafe) throw new Error('there must be two connections')
  expect(await findDurabilityFaults(safe)).toEqual([])
  expect(await findDurabilityFaults(unsafe)).toHaveLength(2)
  const refused = new Promise<string[]>((resolve) => requireDurability(unsafe, resolve))
  expect(await refused).toHaveLength(2)
  for (const redis of [safe, unsafe]) redis.disconnect()
  await Promise.all([keeper.stop(), loser.stop()])
})
