import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { createBatch } from '@augur/core/batches/create-batch'
import { cancelPrediction } from '@augur/core/predictions/cancel-prediction'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from './test/test-worker.js'

const models = new URL('../../../models/', import.meta.url).pathname
/** A PNG of a seven. */
const seven =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAe0lEQVR42u3WQQ2AMBBE0ZVQCUhAAhKQgAQcIAkpSKgEJLSXmcskhPtk/g2yvNOmt' +
  'Ib0ogs1dCCdrwBWwINWxA8XKYA3cCNdGD5vKIA3oAtFUA+UjgJ4A/WTLlQAL0AvFhzkD4XvuWgBPAGNBwgvHF9zAbyBHZ0ogDUwAe+xzhcP+E4cAAAAAElF' +
  'TkSuQmCC'

let worker: TestWorker
let slow: ArtefactServer
beforeEach(async () => {
  worker = await createTestWorker({ AUGUR_FETCH_SECONDS: '600', AUGUR_OUTBOUND_ALLOW: '127.0.0.1' })
  slow = await startArtefactServer()
  await cp(join(models, 'digits/fp32'), join(worker.modelsDir, 'digits/fp32'), { recursive: true })
  await worker.until((now) => now.versionsOf('augur/digits').some(({ id }) => now.stateOf(id) === 'ready'))
}, 60_000)
afterEach(async () => {
  await worker.close()
  await slow.close()
})

async function submit(image: string, tenant = 'a', isRemote = true): Promise<string> {
  const version = (await worker.catalogue()).resolve('augur/digits')
  const { prediction } = await createPrediction(
    { ...worker.core, tenant },
    {
      version,
      input: JSON.stringify({ image }),
      isRemote,
      form: 'pipeline',
      class: 'submission',
      webhook: null,
      webhookEvents: [],
      idempotency: null,
    },
  )
  return prediction.id
}

test('however many predictions name a host that is silent, others run, and a cancel ends what is fetched', async () => {
  const url = `${slow.url}/a.png`
  slow.answers.push(...Array.from({ length: 500 }, () => ({ isSilent: true })))
  const waiting = await Promise.all(Array.from({ length: 200 }, () => submit(url)))
  await expect.poll(() => slow.requests.length).toBeGreaterThan(0)
  expect(await worker.ended(await submit(seven, 'b', false))).toMatchObject({ status: 'succeeded' })
  slow.answers.length = 0
  slow.files.set('/a.png', Buffer.from(seven, 'base64'))
  for (const id of waiting.slice(1)) await cancelPrediction({ ...worker.core, tenant: 'a' }, id)
  expect(await worker.ended(await submit(url, 'b'))).toMatchObject({ status: 'succeeded' })
})

test('a worker that stops while files are fetched hands their predictions back', async () => {
  slow.answers.push({ isSilent: true })
  slow.files.set('/a.png', Buffer.from(seven, 'base64'))
  const id = await submit(`${slow.url}/a.png`)
  await expect.poll(() => slow.requests.length).toBe(1)
  await worker.restart()
  expect(await worker.ended(id)).toMatchObject({ status: 'succeeded', attempt: 1 })
})

test('a worker that stops while files of a batch are fetched hands its lines back, and none of them has failed', async () => {
  slow.answers.push({ isSilent: true })
  slow.files.set('/a.png', Buffer.from(seven, 'base64'))
  const value = { input: { image: `${slow.url}/a.png` } }
  const { batch } = await createBatch(
    { ...worker.core, chunkFiles: worker.context.chunkFiles, now: Date.now },
    {
      version: (await worker.catalogue()).resolve('augur/digits'),
      webhook: null,
      metadata: null,
      expiresInMs: 3_600_000,
      lines: [[{ kind: 'parsed', value }]],
      idempotency: null,
    },
  )
  await expect.poll(() => slow.requests.length).toBe(1)
  await worker.restart()
  const read = async () => worker.core.batches.read(batch.id)
  await expect.poll(read).toMatchObject({ status: 'completed', completed: 1, failed: 0 })
})
