import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeExpiredFiles } from '../files/remove-expired-files.js'
import { receiveContent } from '../files/receive-content.js'
import { createFile } from '../files/create-file.js'
import { newPredictionId } from '../ids.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { removeOrphanPayloads } from './remove-orphan-payloads.js'

const hour = 3_600_000
const limits = { maxBytes: 1000, maxFiles: 10, maxTotalBytes: 10_000, types: [], retentionMs: hour }

let context: TestContext & { fileLimits: typeof limits; dataRetentionMs: number }
beforeEach(async () => {
  context = {
    ...(await createTestContext({ inlineBytes: 0 })),
    fileLimits: limits,
    dataRetentionMs: 24 * hour,
  }
})
afterEach(() => context.close())

const keys = async () => {
  const found: string[] = []
  for await (const { key } of context.payloadStore.list()) found.push(key)
  return found.toSorted()
}

/** As if everything had been written two hours ago. */
async function age(): Promise<void> {
  const before = new Date(Date.now() - 2 * hour)
  for (const key of await keys()) await utimes(join(context.folder, key), before, before)
}

const create = () =>
  createPrediction(context, {
    version: testVersion,
    input: '{"x":[1,2,3]}',
    class: 'submission',
    form: 'pipeline',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  })

async function* content(text: string) {
  yield Buffer.from(text)
}

const upload = async (text: string) => {
  const received = await receiveContent(context, content(text), '')
  return createFile(context, received, { name: text, metadata: {}, idempotency: null })
}

test('payloads that a record refers to stay, and those of no record go once they are old', async () => {
  const { prediction } = await create()
  const kept = await keys()
  const lost = newPredictionId(context.tag, Date.now())
  await context.payloads.keep(lost, 'input', '{"never":"created"}')
  await context.payloads.keep(prediction.id, 'output', '{"an":"attempt that lost"}', 3)
  await context.payloadStore.put(`a/b/c.${'0'.repeat(12)}.tmp`, Buffer.from('half'))
  expect(await removeOrphanPayloads(context)).toBe(0)
  await age()
  expect(await removeOrphanPayloads(context)).toBe(3)
  expect(await keys()).toEqual(kept)
})

test('bodies of deliveries stay while these need them', async () => {
  const id = newPredictionId(context.tag, Date.now())
  const delivery = `${id}.completed`
  const kept = await context.payloads.keepBody(delivery, '{"of":"the delivery"}')
  await context.payloads.keepBody(delivery, '{"of":"who came too late"}')
  const key = kept.kind === 'stored' ? kept.key : ''
  await context.redis.hset(context.keys.delivery(context.tag, delivery), 'body_key', key)
  await age()
  expect(await removeOrphanPayloads(context)).toBe(1)
  expect(await keys()).toEqual([key])
})

test('what has a name that is not known stays', async () => {
  const names = ['README', 'batches/x/1.json', 'a/b/c.input.0.json', 'files/acme/00/notes']
  for (const name of names) await context.payloadStore.put(name, Buffer.from('?'))
  await age()
  expect(await removeOrphanPayloads(context)).toBe(0)
  expect(await keys()).toEqual(names.toSorted())
})

test('files stay while they are kept; their bytes go when Redis lost what it knew of them', async () => {
  await upload('one')
  await age()
  expect(await removeOrphanPayloads(context)).toBe(0)
  await context.redis.del(context.keys.fileExpiries)
  expect(await removeOrphanPayloads(context)).toBe(1)
  expect(await keys()).toEqual([])
})

test('an expired file goes with its record and its count, and so does what an upload left that came to no file', async () => {
  const { file } = await upload('one')
  await receiveContent(context, content('of no file'), '')
  expect(await removeExpiredFiles(context)).toBe(0)
  context.clock.now += hour + 1
  const { file: younger } = await upload('two')
  expect(await removeExpiredFiles(context)).toBe(2)
  expect(await context.files.read(context.tenant, file.id)).toBeNull()
  expect(await context.files.list(context.tenant, null, 10)).toEqual([younger])
  expect(await context.files.usage(context.tenant)).toEqual({ files: 1, bytes: 3 })
  expect((await keys()).length).toBe(1)
})

test('of many uploads at the same time, as many become files as a tenant may have', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => upload(`${i}`)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(limits.maxFiles)
  expect((await keys()).length).toBe(limits.maxFiles)
  expect((await context.files.usage(context.tenant)).files).toBe(limits.maxFiles)
})

test('what is stored of batches goes once none of them can still be kept', async () => {
  const keyOf = (ageMs: number) =>
    `batches/${context.tag}/${newPredictionId(context.tag, Date.now() - ageMs)}/0.me.results.0.jsonl`
  const [young, old] = [keyOf(7 * 24 * hour), keyOf(9 * 24 * hour)]
  for (const key of [young, old]) await context.payloadStore.put(key, Buffer.from('lost its claim'))
  await age()
  expect(await removeOrphanPayloads(context)).toBe(1)
  expect(await keys()).toEqual([young])
})
