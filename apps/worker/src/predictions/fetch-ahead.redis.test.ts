import { createGuardedAgent, type GuardedAgent } from '@augur/core/outbound/guarded-agent'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import { Progress } from '@augur/core/reconciler/progress'
import { requeueLost } from '@augur/core/reconciler/requeue-lost'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FetchedFiles, fetchAhead } from './fetch-ahead.js'
import { FetchPlaces } from './fetch-places.js'

const fetchLimits = { maxBytes: 1000, timeoutMs: 60_000 }

let core: TestContext
let [slow, quick]: ArtefactServer[] = []
let agent: GuardedAgent
let fetched: FetchedFiles
let places: FetchPlaces
beforeEach(async () => {
  core = await createTestContext()
  slow = await startArtefactServer()
  quick = await startArtefactServer()
  for (const server of [slow, quick]) server.files.set('/a.png', Buffer.from('pixels'))
  agent = createGuardedAgent({ mode: 'development', allow: [] })
  fetched = new FetchedFiles()
  places = new FetchPlaces({ most: 3, mostAlike: 1 })
})
afterEach(async () => {
  await agent.close()
  await Promise.all([slow?.close(), quick?.close()])
  await core.close()
})

async function submit(tenant: string, image: string): Promise<string> {
  const { prediction } = await createPrediction(
    { ...core, tenant },
    {
      version: testVersion,
      input: JSON.stringify({ image }),
      isRemote: true,
      class: 'submission',
      form: 'pipeline',
      webhook: null,
      webhookEvents: [],
      idempotency: null,
    },
  )
  return prediction.id
}

const ahead = (id: string, signal = new AbortController().signal) =>
  fetchAhead({ ...core, agent, fetchLimits, fetched }, ['image'], id, { places, signal })

test('behind a host that is silent, its tenant and who else names it wait in the queue, and others do not', async () => {
  slow?.answers.push({ isSilent: true })
  const left = new AbortController()
  const silent = ahead(await submit('a', `${slow?.url}/a.png`), left.signal)
  await expect.poll(() => slow?.requests.length).toBe(1)
  expect(await ahead(await submit('b', `${slow?.url}/a.png`))).toBe('later')
  expect(await ahead(await submit('a', `${quick?.url}/a.png`))).toBe('later')
  const other = await submit('b', `${quick?.url}/a.png`)
  expect(await ahead(other)).toBe('ready')
  expect(fetched.take(other, `${quick?.url}/a.png`)).toEqual({ ok: true, bytes: Buffer.from('pixels') })
  left.abort()
  await silent
  expect(await ahead(await submit('a', `${slow?.url}/a.png`))).toBe('ready')
})

test('what was fetched is kept until its prediction leaves, and makes room then', async () => {
  const url = `${quick?.url}/a.png`
  const id = await submit('a', url)
  expect(await ahead(id)).toBe('ready')
  const most = 256 * 1024 * 1024
  expect(fetched.reserve(most)).toBeNull()
  fetched.drop(id)
  expect(fetched.take(id, url)).toBeUndefined()
  const free = fetched.reserve(most)
  expect(await ahead(id)).toBe('later')
  free?.()
  expect(await ahead(id)).toBe('ready')
})

test('a prediction that is put back into the queue is known to name another host still', async () => {
  const id = await submit('a', 'https://images.test/a.png')
  await core.queues.remove(core.target, [{ id, epoch: 0 }])
  const progress = new Progress(core.redis, core.keys.reconcilerProgress(core.tag))
  const context = { ...core, worker: 'w', graceMs: 0, dataRetentionMs: 0, memoryUse: async () => 0 }
  expect(await requeueLost(context, progress, core.target, core.now() + 1)).toBe(1)
  const [job] = await core.redis.keys(`${core.prefix}:*${id}.1`)
  expect(JSON.parse((await core.redis.hget(job ?? '', 'data')) ?? '')).toMatchObject({ id, remote: true })
})
