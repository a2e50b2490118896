import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { predictionSchema } from '../replicate/schemas.js'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { auditPageSchema, pausablePageSchema, purgedSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const change = (kind: 'pause' | 'resume' | 'drain' | 'purge', id = testVersion.id) =>
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
  expect(await paused.json()).toEqual({ model, version, label, paused: true, draining: false })
  const { results } = pausablePageSchema.parse(await (await api.app.request('/admin/versions')).json())
  expect(results).toEqual([{ model, version, label, paused: true, draining: false }])
  await expect.poll(() => waiting(id)).toEqual({ position: 0, reason: 'paused' })
  const second = predictionSchema.parse(await (await api.create()).json())
  expect(second).toMatchObject({ queue_position: 1, estimated_start: null, waiting_reason: 'paused' })
  expect(await (await change('resume')).json()).toMatchObject({ paused: false })
  await expect.poll(() => waiting(id)).toEqual({ position: 0, reason: 'queued' })
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

test('a version that is drained takes nothing new and keeps what it has, until it is resumed', async () => {
  const { id } = predictionSchema.parse(await (await api.create()).json())
  expect(await (await change('drain')).json()).toMatchObject({ draining: true, paused: false })
  await api.context.catalogue.refresh()
  const refused = await api.create()
  expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'version_draining' })
  expect(refused.headers.get('retry-after')).toBe('30')
  const batch = await api.post('/api/v1/batches', { model: testVersion.model, inputs: [{ x: [1, 2, 3] }] })
  expect(await problemOf(batch)).toMatchObject({ code: 'version_draining' })
  await api.work(id)
  expect(await api.core.predictions.read(id)).toMatchObject({ status: 'succeeded' })
  expect(await (await change('resume')).json()).toMatchObject({ draining: false })
  await api.context.catalogue.refresh()
  expect((await api.create()).status).toBe(201)
})

test('a purge cancels what waits, tells its webhooks, and leaves alone what runs', async () => {
  const { id: running } = predictionSchema.parse(await (await api.create()).json())
  await api.core.predictions.claim([{ id: running, epoch: 0, token: 't' }], Date.now())
  const webhook = 'http://127.0.0.1:9/hook'
  const ids: string[] = []
  for (let i = 0; i < 120; i++) {
    const body = { version: testVersion.id, input: { x: [1, 2, 3] }, webhook }
    ids.push(predictionSchema.parse(await (await api.post('/api/v1/predictions', body)).json()).id)
  }
  const purged = purgedSchema.parse(await (await change('purge')).json())
  expect(purged).toMatchObject({ canceled: 120, paused: false })
  expect(await api.core.predictions.read(running)).toMatchObject({ status: 'processing' })
  const ended = await api.core.predictions.readMany(ids)
  expect(new Set(ended.map((prediction) => prediction?.status))).toEqual(new Set(['canceled']))
  expect(
    await api.core.queues.has(
      api.core.target,
      ended.filter((each) => each !== null),
    ),
  ).not.toContain(true)
  expect(await api.core.deliveries.has(ids.map((id) => `${id}.completed`))).not.toContain(false)
  const counts = await api.core.predictions.counts(api.core.tag, testVersion.id)
  expect(counts).toMatchObject({ accepted: 121, open: 1, canceled: 120 })
  expect(await (await change('purge')).json()).toMatchObject({ canceled: 0 })
})

test('a drain and a purge leave a line in the audit log each', async () => {
  for (const kind of ['drain', 'purge'] as const) await change(kind)
  const { results } = auditPageSchema.parse(await (await api.app.request('/admin/audit')).json())
  expect(results.map(({ action, target }) => [action, target])).toEqual(
    ['purge', 'drain'].map((kind) => [`version.${kind}`, testVersion.id]),
  )
})
