import { startRedis } from '@augur/test-support/redis-server'
import { expect, test } from 'vitest'
import { createLogger } from '../telemetry/logger.js'
import { connectPatient } from './connection.js'
import { findDurabilityFaults, isOlder, requireDurability } from './require-durability.js'

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

test('versions are compared part by part, as numbers', () => {
  const older = ['5.0.14', '6.0.16', '6.1.99'].map((version) => isOlder(version, '6.2.0'))
  const newer = ['6.2.0', '6.10.1', '7.0.15', '8.6.3'].map((version) => isOlder(version, '6.2.0'))
  expect([older, newer]).toEqual([older.map(() => true), newer.map(() => false)])
})
