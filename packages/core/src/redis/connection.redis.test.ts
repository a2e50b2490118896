import { once } from 'node:events'
import { startRedis } from '@augur/test-support/redis-server'
import { expect, test } from 'vitest'
import { createLogger } from '../telemetry/logger.js'
import { connectFailFast, isRedisUnavailable } from './connection.js'

const logger = createLogger('test', 'fatal')

async function connected(url: string) {
  const redis = connectFailFast({ url, name: 'test', logger })
  await once(redis, 'ready')
  return redis
}

test('commands fail when the server stops answering, and work again when it goes on', async () => {
  const server = await startRedis()
  const redis = await connected(server.url)
  server.kill('SIGSTOP')
  const refusal = await redis.get('key').catch((error: unknown) => error)
  expect(isRedisUnavailable(refusal)).toBe(true)
  expect(isRedisUnavailable(await redis.get('key').catch((error: unknown) => error))).toBe(true)
  const ready = once(redis, 'ready')
  server.kill('SIGCONT')
  await ready
  expect(await redis.get('key')).toBeNull()
  redis.disconnect()
  await server.stop()
})

test('a process that was too busy to read its answers does not take the server for gone', async () => {
  const server = await startRedis()
  const redis = await connected(server.url)
  for (let i = 0; i < 5; i++) {
    const answer = redis.get('key')
    const busyUntil = performance.now() + 800
    while (performance.now() < busyUntil);
    expect(await answer).toBeNull()
  }
  redis.disconnect()
  await server.stop()
})

test('commands fail at once while there is no server', async () => {
  const redis = connectFailFast({ url: 'redis://127.0.0.1:1', name: 'test', logger })
  const refusal = await redis.get('key').catch((error: unknown) => error)
  expect(isRedisUnavailable(refusal)).toBe(true)
  redis.disconnect()
})
