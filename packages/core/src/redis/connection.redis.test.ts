import { once } from 'node:events'
// oxlint-disable-next-line no-restricted-imports -- stands between client and server
import { connect, createServer } from 'node:net'
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

/** Passes on what the server says in pieces of so many bytes, fifty a second. */
async function startSlowLine(to: string, pieceBytes: number) {
  const line = createServer((client) => {
    const server = connect(Number(new URL(to).port), '127.0.0.1')
    const said: Buffer[] = []
    server.on('data', (chunk: Buffer) => said.push(chunk))
    client.on('error', () => {})
    client.pipe(server)
    const timer = setInterval(() => {
      const waiting = Buffer.concat(said.splice(0))
      said.push(waiting.subarray(pieceBytes))
      if (waiting.length > 0) client.write(waiting.subarray(0, pieceBytes))
    }, 20)
    client.on('close', () => {
      clearInterval(timer)
      server.destroy()
    })
  })
  line.listen(0, '127.0.0.1')
  await once(line, 'listening')
  const address = line.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `redis://127.0.0.1:${port}`, close: () => line.close() }
}

test('a server whose long answer is still coming is not taken for gone', async () => {
  const server = await startRedis()
  const line = await startSlowLine(server.url, 2000)
  const redis = await connected(line.url)
  await redis.set('key', 'x'.repeat(200_000))
  expect(await redis.get('key')).toHaveLength(200_000)
  redis.disconnect()
  line.close()
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
