import { once } from 'node:events'
import { startRedis } from '@augur/test-support/redis-server'
import { expect, test, vi } from 'vitest'
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

test('nor does one that became busy before its question had left', async () => {
  const server = await startRedis()
  const redis = await connected(server.url)
  const closed = vi.fn<() => void>()
  redis.on('close', closed)
  const ping = redis.ping.bind(redis)
  // What is asked leaves when the turn ends, and the turn is long.
  const asked = vi.spyOn(redis, 'ping').mockImplementation(() => {
    const answer = ping()
    const busyUntil = performance.now() + 800
    while (performance.now() < busyUntil);
    return answer
  })
  await vi.waitUntil(() => asked.mock.calls.length === 5, { timeout: 20_000 })
  expect(await redis.get('key')).toBeNull()
  expect(closed).not.toHaveBeenCalled()
  redis.disconnect()
  await server.stop()
})

test('no command waits for a server that stood still before it answered the first one', async () => {
  const server = await startRedis()
  server.kill('SIGSTOP')
  const redis = connectFailFast({ url: server.url, name: 'test', logger })
  await once(redis, 'connect')
  const refusal = await redis.subscribe('channel').catch((error: unknown) => error)
  expect(isRedisUnavailable(refusal)).toBe(true)
  redis.disconnect()
  server.kill('SIGCONT')
  await server.stop()
})

test('commands fail at once while there is no server', async () => {
  const redis = connectFailFast({ url: 'redis://127.0.0.1:1', name: 'test', logger })
  const refusal = await redis.get('key').catch((error: unknown) => error)
  expect(isRedisUnavailable(refusal)).toBe(true)
  redis.disconnect()
})
