import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@augur/core/free-port'
import { startRedis } from '@augur/test-support/redis-server'
import { expect, test } from 'vitest'
import { predictionSchema } from './replicate/schemas.js'
import { createTestApi, problemOf } from './test/test-api.js'

test('while Redis is away nobody is kept waiting for it, and all are served when it is back', async () => {
  const port = await freePort()
  const first = await startRedis({ port })
  const api = await createTestApi({ REDIS_URL: first.url })
  const created = await api.create()
  const { id } = (await created.json()) as { id: string }
  first.kill('SIGKILL')
  await first.exited

  const path = `/api/v1/predictions/${id}`
  // Those that wait would outlast the test if they were held for as long as they ask.
  const requests = [
    () => api.create(),
    () => api.create({ prefer: 'wait=30' }),
    () => api.app.request(path),
    () => api.app.request(`${path}?wait=30`),
    () => api.post(`${path}/cancel`, ''),
    () => api.app.request('/readyz'),
  ]
  for (const request of requests) {
    const response = await request()
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'unavailable' })
    expect(response.headers.get('retry-after')).toBe('1')
  }
  expect((await api.app.request('/livez')).status).toBe(200)
  expect(await (await api.app.request('/metrics')).text()).not.toContain('augur_open_predictions{')

  const second = await startRedis({ port })
  await expect.poll(() => api.context.isRedisAnswering()).toBe(true)
  expect((await api.app.request(path)).status).toBe(404)
  await api.close()
  await second.stop()
})

test('a prediction that was accepted is answered, even when Redis goes while its caller waits', async () => {
  const redis = await startRedis()
  const api = await createTestApi({ REDIS_URL: redis.url })
  const response = api.create({ prefer: 'wait=5' })
  const id = await api.held()
  redis.kill('SIGKILL')
  expect((await response).status).toBe(202)
  expect(await (await response).json()).toMatchObject({ id, status: 'starting' })
  api.context.waiting.stop()
  await api.context.close()
  api.core.redis.disconnect()
  await redis.stop()
})

test('a stream outlives a Redis that restarts, and tells of what was stored', async () => {
  const kept = {
    port: await freePort(),
    dir: await mkdtemp(join(tmpdir(), 'augur-redis-')),
    appendonly: true,
  }
  const first = await startRedis(kept)
  const api = await createTestApi({ REDIS_URL: first.url })
  const { id, urls } = predictionSchema.parse(await (await api.create()).json())
  const stream = Promise.resolve(api.app.request(urls.stream)).then((response) => response.text())
  await api.held()
  await first.stop()

  const second = await startRedis(kept)
  await expect.poll(() => api.context.isRedisAnswering()).toBe(true)
  await api.work(id)
  expect((await stream).match(/^event: .*/gm)).toEqual(['event: output', 'event: done'])
  await api.close()
  await second.stop()
  await rm(kept.dir, { recursive: true })
})
