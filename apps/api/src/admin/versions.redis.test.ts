import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { predictionSchema } from '../replicate/schemas.js'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { auditPageSchema, pausablePageSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const change = (kind: 'pause' | 'resume', id = testVersion.id) =>
  api.app.request(`/admin/versions/${id}/${kind}`, { method: 'POST' })

async function waiting(id: string) {
  const response = await api.app.request(`/api/v1/predictions/${id}`)
  const { queue_position: position, waiting_reason: reason } = predictionSchema.parse(await response.json())
  return { position, reason }
}

test('predictions of a paused version are taken, and say within a second that they wait for that', async () => {
  const { id } = predictionSchema.parse(await (await api.create()).json())
  expect(await waiting(id)).toEqual({ position: 0, reason: 'queued' })
  const paused = await change('pause')
  const { id: version, model, label } = testVersion
  expect(await paused.json()).toEqual({ model, version, label, paused: true })
  const { results } = pausablePageSchema.parse(await (await api.app.request('/admin/versions')).json())
  expect(results).toEqual([{ model, version, label, paused: true }])
  await expect.poll(() => waiting(id), { timeout: 3000 }).toEqual({ position: 0, reason: 'paused' })
  const second = predictionSchema.parse(await (await api.create()).json())
  expect(second).toMatchObject({ queue_position: 1, estimated_start: null, waiting_reason: 'paused' })
  expect(await (await change('resume')).json()).toMatchObject({ paused: false })
  await expect.poll(() => waiting(id), { timeout: 3000 }).toEqual({ position: 0, reason: 'queued' })
})

test('pausing twice is like pausing once, and each is in the audit log', async () => {
  for (const kind of ['pause', 'pause', 'resume', 'resume'] as const) {
    expect((await change(kind)).status).toBe(200)
  }
  expect(await api.core.queues.isPaused(api.core.target)).toBe(false)
  const { results } = auditPageSchema.parse(await (await api.app.request('/admin/audit')).json())
  expect(results.map(({ action, target }) => [action, target])).toEqual(
    ['resume', 'resume', 'pause', 'pause'].map((kind) => [`version.${kind}`, testVersion.id]),
  )
})

test('a version that nobody knows cannot be paused', async () => {
  expect(await problemOf(await change('pause', 'ef'.repeat(32)))).toMatchObject({ code: 'not_found' })
  expect(await problemOf(await change('resume', 'any'))).toMatchObject({ code: 'not_found' })
})

test('a prediction whose workers crash or are gone says so', async () => {
  const { id } = predictionSchema.parse(await (await api.create()).json())
  await api.announce('crash_looping')
  expect((await waiting(id)).reason).toBe('worker_crash_looping')
  await api.announce('stopped')
  expect((await waiting(id)).reason).toBe('no_worker_has_this_version')
})
