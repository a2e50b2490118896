import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test/test-api.js'
import { overviewSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const overview = async () => overviewSchema.parse(await (await api.app.request('/admin/overview')).json())

test('each version is shown with its state, its queue and what became of its predictions', async () => {
  await api.create()
  await api.create()
  const [first = ''] = await api.ids()
  await api.work(first)
  const { workers, versions, rollouts } = await overview()
  expect({ workers, rollouts }).toEqual({ workers: 1, rollouts: [] })
  expect(versions).toHaveLength(1)
  expect(versions[0]).toMatchObject({
    model: testVersion.model,
    version: testVersion.id,
    state: 'ready',
    is_stable: true,
    workers: 1,
    paused: false,
    open: 1,
    accepted: 2,
    succeeded: 1,
    failed: 0,
  })
  expect(versions[0]?.oldest_age_seconds).toBeGreaterThanOrEqual(0)
})

test('a version that is held says so', async () => {
  await api.post(`/admin/versions/${testVersion.id}/pause`, {})
  expect((await overview()).versions[0]?.paused).toBe(true)
})
