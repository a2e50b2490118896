import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  endBatches,
  type ReconcileBatchesContext,
  reconcileBatches,
} from '../reconciler/reconcile-batches.js'
import { retainBatches } from '../reconciler/retain-batches.js'
import { takenBack } from '../queue/priority.js'
import type { Batch } from './batch.js'
import { cancelBatch } from './cancel-batch.js'
import { createBatch, type NewBatch } from './create-batch.js'
import { endBatch } from './end-batch.js'
import { readOutput } from './read-output.js'

const hour = 3_600_000

let context: TestContext
let reconciler: ReconcileBatchesContext
beforeEach(async () => {
  context = await createTestContext()
  reconciler = { ...context, graceMs: 10_000 }
})
afterEach(() => context.close())

const line = (customId: string | null) => ({
  kind: 'parsed' as const,
  value: { ...(customId !== null && { custom_id: customId }), input: { x: [1, 2, 3] } },
})
const lines = (count: number) => Array.from({ length: count }, (_, i) => line(`r${i}`))

async function create(count: number, more: Partial<NewBatch> = {}): Promise<Batch> {
  const wanted: NewBatch = {
    version: testVersion,
    webhook: null,
    metadata: null,
    expiresInMs: hour,
    lines: [lines(count)],
    idempotency: null,
  }
  return (await createBatch(context, { ...wanted, ...more })).batch
}

const claim = (id: string, chunk: number, token = 'me', epoch = 0) =>
  context.batches.claim({ batch: id, chunk, epoch }, token, context.clock.now)
const write = (id: string, chunk: number, completed: number, token = 'me') =>
  context.batches.write(
    { batch: id, chunk },
    token,
    { completed, failed: 0, stored: parts },
    context.clock.now,
  )
const parts = { results: 1, errors: 0 }
const retain = (mostFiles?: number) =>
  retainBatches(
    { ...context, dataRetentionMs: 24 * hour },
    [context.tag],
    mostFiles === undefined ? undefined : { mostFiles },
  )

async function textOf(batch: Batch, output: 'results' | 'errors'): Promise<string> {
  const found: Uint8Array[] = []
  for await (const bytes of readOutput(context, batch, output)) found.push(bytes)
  return Buffer.concat(found).toString('utf8')
}

async function read(id: string): Promise<Batch> {
  const batch = await context.batches.read(id)
  if (batch === null) throw new Error('no batch')
  return batch
}

test('a batch ends when the last of its chunks is done, and not before', async () => {
  const { id, chunkSizes } = await create(150)
  expect(chunkSizes).toEqual([64, 64, 22])
  for (const [chunk, size] of chunkSizes.entries()) {
    await endBatch(context, id)
    expect(await read(id)).toMatchObject({ endedAt: null })
    expect(await claim(id, chunk)).toBe('claimed')
    expect(await write(id, chunk, size)).toBe(chunk === 2 ? 'last' : 'written')
  }
  expect(await read(id)).toMatchObject({ status: 'finalizing', completed: 150, failed: 0 })
  await endBatch(context, id)
  expect(await read(id)).toMatchObject({ status: 'completed', endedAt: context.clock.now })
  expect(await context.batches.countOpen(context.tag, testVersion.id)).toBe(0)
})

test('who lost a chunk to another worker changes nothing, and what it had counted is taken back', async () => {
  const { id } = await create(10)
  await claim(id, 0, 'first')
  const report = { completed: 7, failed: 1, stored: null }
  await context.batches.write({ batch: id, chunk: 0 }, 'first', report, context.clock.now)
  expect(await read(id)).toMatchObject({ completed: 7, failed: 1 })
  await claim(id, 0, 'second')
  expect(await read(id)).toMatchObject({ completed: 0, failed: 0 })
  expect(await write(id, 0, 10, 'first')).toBe('fenced')
  expect(await write(id, 0, 10, 'second')).toBe('last')
  expect(await write(id, 0, 10, 'second')).toBe('fenced')
  expect(await read(id)).toMatchObject({ completed: 10, failed: 0 })
})

test('a cancelled batch keeps what is finished, lets go what waits, and ends with what runs', async () => {
  const { id } = await create(192)
  await context.chunkFiles.putOutput(
    { folder: (await read(id)).folder, chunk: 0, token: 'me' },
    'results',
    0,
    'a\n',
  )
  await claim(id, 0)
  await write(id, 0, 64)
  await claim(id, 1)
  expect(await cancelBatch(context, id)).toMatchObject({ status: 'cancelling', chunksDone: 2 })
  expect(await claim(id, 2)).toBe('done')
  await context.batches.write(
    { batch: id, chunk: 1 },
    'me',
    { completed: 3, failed: 0, stored: { results: 0, errors: 1 } },
    1,
  )
  await context.chunkFiles.putOutput(
    { folder: (await read(id)).folder, chunk: 1, token: 'me' },
    'errors',
    0,
    'b\n',
  )
  await endBatch(context, id)
  const ended = await cancelBatch(context, id)
  expect(ended).toMatchObject({ status: 'cancelled', completed: 67 })
  expect(await textOf(ended, 'results')).toBe('a\n')
  const errors = (await textOf(ended, 'errors')).trim().split('\n')
  expect(errors).toHaveLength(65)
  expect(JSON.parse(errors[1] ?? '')).toMatchObject({ line: 129, custom_id: 'r128', error_code: 'canceled' })
})

test('a chunk whose worker is lost after a cancel is closed by whoever gets it next', async () => {
  const { id } = await create(10)
  await claim(id, 0, 'lost')
  await cancelBatch(context, id)
  expect(await claim(id, 0, 'next')).toBe('stopped')
  await endBatch(context, id)
  expect(await read(id)).toMatchObject({ status: 'cancelled', completed: 0, failed: 0 })
})

test('a batch that nobody runs expires, and says of every line why it has no result', async () => {
  const { id } = await create(3, { lines: [[line('a'), { ...line('b'), value: 7 }, line('a')]] })
  context.clock.now += 2 * hour
  await reconcileBatches(reconciler, context.target)
  const batch = await read(id)
  expect(batch).toMatchObject({ status: 'expired', completed: 0, failed: 0 })
  const errors = (await textOf(batch, 'errors')).trim().split('\n')
  expect(errors.map((text) => JSON.parse(text))).toMatchObject([
    { line: 1, custom_id: 'a', error_code: 'expired' },
    { line: 2, custom_id: null, error_code: 'invalid_input' },
    { line: 3, custom_id: 'a', error_code: 'invalid_input' },
  ])
})

test('a chunk that its queue does not know any more is put back, and its old job is void', async () => {
  const { id } = await create(10)
  await context.chunkQueues.drop(context.target)
  expect(await reconcileBatches(reconciler, context.target)).toEqual({ requeued: 0, closed: 0 })
  context.clock.now += 60_000
  expect(await reconcileBatches(reconciler, context.target)).toEqual({ requeued: 1, closed: 0 })
  expect(await reconcileBatches(reconciler, context.target)).toEqual({ requeued: 0, closed: 0 })
  expect(await claim(id, 0, 'old', 0)).toBe('stale')
  expect(await claim(id, 0, 'new', 1)).toBe('claimed')
})

test('the crash between the last chunk and the end of the batch is made up for', async () => {
  const { id } = await create(10)
  await claim(id, 0)
  await write(id, 0, 10)
  context.clock.now += 60_000
  await reconcileBatches(reconciler, context.target)
  expect(await read(id)).toMatchObject({ status: 'completed' })
})

test('lines and results are deleted when their time is over, and the record says so', async () => {
  const { id, folder } = await create(10)
  await cancelBatch(context, id)
  expect(await retain()).toBe(0)
  context.clock.now += 25 * hour
  expect(await retain()).toBe(1)
  expect(await read(id)).toMatchObject({ dataRemoved: true })
  expect(await context.chunkFiles.readInput(folder, 0)).toBe(null)
})

test('one sweep deletes no more than its budget, whole batches at a time, and the next one goes on', async () => {
  const batches = [await create(100), await create(100), await create(100)]
  for (const { id } of batches) await cancelBatch(context, id)
  context.clock.now += 25 * hour
  // Two chunks each: the budget is used up within the second one.
  expect(await retain(3)).toBe(2)
  expect(await retain(3)).toBe(1)
  expect(await retain(3)).toBe(0)
  for (const { folder } of batches) expect(await context.chunkFiles.readInput(folder, 1)).toBeNull()
})

test('what is uploaded half is no batch, and is deleted', async () => {
  async function* broken() {
    yield lines(100)
    throw new Error('gone')
  }
  await expect(create(0, { lines: broken() })).rejects.toThrow('gone')
  expect(await context.batches.open(context.tag, testVersion.id, 10)).toEqual([])
  const [upload] = await context.batchUploads.list(context.tag)
  expect(upload).toMatchObject({ chunks: 1 })
  context.clock.now += 2 * hour
  await retain()
  expect(await context.batchUploads.list(context.tag)).toEqual([])
  expect(await context.chunkFiles.readInput(upload?.folder ?? '', 0)).toBe(null)
})

test('the webhook of a batch is written with its end, and told once', async () => {
  const { id } = await create(1, { webhook: 'https://hooks.test/b' })
  await claim(id, 0)
  await write(id, 0, 1)
  await endBatch(context, id)
  await endBatch(context, id)
  const found = await context.deliveryStore.read(`${id}.completed`)
  expect(found).toMatchObject({ pending: true, delivery: { url: 'https://hooks.test/b', tenant: 'default' } })
  expect(JSON.parse(found?.delivery.body ?? '')).toMatchObject({
    id,
    status: 'completed',
    request_counts: { completed: 1 },
  })
})

test('of many requests with one key, one makes the batch and the others get it or are told to wait', async () => {
  const idempotency = { key: 'k', fingerprint: () => 'same' }
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, () =>
      createBatch(context, {
        version: testVersion,
        webhook: null,
        metadata: null,
        expiresInMs: hour,
        lines: [lines(3)],
        idempotency,
      }),
    ),
  )
  const ids = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value.batch.id] : []))
  expect(new Set(ids).size).toBe(1)
  const refusals = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
  expect(refusals.every((code) => code === 'idempotency_in_progress')).toBe(true)
  expect(await context.batches.open(context.tag, testVersion.id, 10)).toEqual([ids[0]])
  expect(await context.batchUploads.list(context.tag)).toEqual([])
})

test('who takes the creation of a batch over queues the chunks of its record, whatever would be chosen now', async () => {
  const { id, folder } = await create(150)
  // As if who created it had died before it could say so, and the queue had lost it.
  await context.idempotency.begin({ tenant: 'default', key: 'k', fingerprint: 'f' }, id, context.clock.now)
  await context.chunkQueues.drop(context.target)
  context.clock.now += 10_001
  const idempotency = { key: 'k', fingerprint: () => 'f' }
  const manifest = { ...testVersion.manifest, serving: { ...testVersion.manifest.serving } }
  manifest.serving.batching = { maxSize: 2, maxDelayMs: 0 }
  const other = { ...testVersion, id: 'cd'.repeat(32), manifest }
  const again = await create(150, { version: other, idempotency })
  expect(again).toMatchObject({ id, folder, version: testVersion.id, chunkSizes: [64, 64, 22] })
  const jobs = [0, 1, 2].map((chunk) => ({ batch: id, chunk, epoch: 0 }))
  expect(await context.chunkQueues.has(context.target, jobs)).toEqual([true, true, true])
  const ofOther = { model: other.model, version: other.id }
  expect(await context.chunkQueues.has(ofOther, jobs)).toEqual([false, false, false])
  expect(await context.batchUploads.list(context.tag)).toEqual([])
})

test('nobody claims a chunk that a batch does not have, or as one of another version', async () => {
  const { id } = await create(150, { metadata: { version: 'cd'.repeat(32) } })
  const claimAs = (chunk: number, version: string) =>
    context.batches.claim({ batch: id, chunk, epoch: 0 }, 'me', context.clock.now, version)
  expect(await claimAs(0, 'cd'.repeat(32))).toBe('stale')
  expect(await claimAs(3, testVersion.id)).toBe('stale')
  expect(await claim(id, 3)).toBe('stale')
  expect(await claimAs(2, testVersion.id)).toBe('claimed')
})

test('a chunk whose workers are lost too often fails with all of its lines, and the batch goes on', async () => {
  const { id } = await create(64 + 3)
  await claim(id, 0)
  await context.batches.write({ batch: id, chunk: 0 }, 'me', { completed: 0, failed: 0, stored: null }, 1)
  const [chunk] = await context.batches.chunks(await read(id))
  if (!chunk) throw new Error('no chunk')
  await context.batches.abandon({ batch: id, chunk: 0 }, chunk, 'worker_lost', context.clock.now)
  expect(await read(id)).toMatchObject({ status: 'in_progress', completed: 0, failed: 64 })
  const errors = (await textOf(await read(id), 'errors')).trim().split('\n')
  expect(errors).toHaveLength(64)
  expect(JSON.parse(errors[0] ?? '')).toMatchObject({ line: 1, custom_id: 'r0', error_code: 'worker_lost' })
  await claim(id, 1)
  expect(await write(id, 1, 3)).toBe('last')
})

test('a chunk that reported nothing yet can be claimed again', async () => {
  const { id } = await create(3)
  await claim(id, 0, 'first')
  await context.batches.write({ batch: id, chunk: 0 }, 'first', { completed: 0, failed: 0, stored: null }, 1)
  expect(await claim(id, 0, 'second')).toBe('claimed')
})

test('a tenant has no more open batches than it may, and an ended one makes room', async () => {
  const limited = { ...context, maxOpenBatches: 2 }
  const submit = () =>
    createBatch(limited, {
      version: testVersion,
      webhook: null,
      metadata: null,
      expiresInMs: hour,
      lines: [lines(1)],
      idempotency: null,
    })
  const first = await submit()
  await submit()
  await expect(submit()).rejects.toMatchObject({ code: 'quota_exceeded' })
  await cancelBatch(context, first.batch.id)
  await submit()
  await expect(submit()).rejects.toMatchObject({ code: 'quota_exceeded' })
})

test("a tenant's second batch waits behind its first, and another tenant's batch does not", async () => {
  const turnsOf = async (batch: Batch) => {
    const key = `${context.keys.queuePrefix(context.tag)}:batch-${testVersion.id}:prioritized`
    const scores = await context.redis.zmscore(
      key,
      batch.chunkSizes.map((_, chunk) => `${batch.id}.${chunk}.0`),
    )
    return scores.map((score) => Math.floor(Number(score) / 2 ** 32))
  }
  const first = await create(128)
  const second = await create(128)
  const other = (
    await createBatch(
      { ...context, tenant: 'other' },
      {
        version: testVersion,
        webhook: null,
        metadata: null,
        expiresInMs: hour,
        lines: [lines(128)],
        idempotency: null,
      },
    )
  ).batch
  expect(await turnsOf(first)).toEqual([1, 2])
  expect(await turnsOf(second)).toEqual([3, 4])
  expect(await turnsOf(other)).toEqual([1, 2])
})

test('turns of chunks that have come far begin again, in their order', async () => {
  const jobs = [3, 1, 2].map((at) => ({ batch: 'b', chunk: at, epoch: 0, turn: takenBack + at }))
  await context.chunkQueues.add(context.target, jobs)
  expect(await context.chunkQueues.takeBackTurns(context.target)).toBe(3)
  expect(await context.chunkQueues.frontTurn(context.target)).toBe(1)
  const key = `${context.keys.queuePrefix(context.tag)}:batch-${testVersion.id}:prioritized`
  expect(await context.redis.zrange(key, 0, '-1')).toEqual(['b.1.0', 'b.2.0', 'b.3.0'])
})

test('a batch of a version that is gone ends, also where the worker of a chunk never comes back', async () => {
  const { id } = await create(100)
  await claim(id, 0, 'gone with its version')
  await endBatches(reconciler, context.target, false)
  expect(await read(id)).toMatchObject({ status: 'finalizing', stop: 'version_gone', chunksDone: 1 })
  await endBatches(reconciler, context.target, true)
  const batch = await read(id)
  expect(batch).toMatchObject({ status: 'failed', completed: 0, failed: 0 })
  const errors = (await textOf(batch, 'errors')).trim().split('\n')
  expect(errors).toHaveLength(100)
  expect(JSON.parse(errors[0] ?? '')).toMatchObject({ line: 1, error_code: 'version_gone' })
})
