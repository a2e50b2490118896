import { Augur, InvalidWebhookError } from '@augur/client'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenImage, digitSeven } from './support/digit-image.js'
import { type ClientStack, startClientStack } from './support/official-client.js'

let own: ClientStack
let augur: Augur
beforeAll(async () => {
  own = await startClientStack()
  augur = new Augur({ url: own.stack.url })
})
afterAll(() => own?.stop())

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const item of items) seen.push(item)
  return seen
}

test('run() gives the output, and throws the prediction that has failed', async () => {
  const { input, label } = own.row(0)
  expect(await augur.run('augur/digits', { ...input })).toMatchObject({ label })
  await expect(augur.run('augur/digits', { image: brokenImage })).rejects.toMatchObject({
    name: 'PredictionError',
    prediction: { status: 'failed', error_code: 'invalid_input' },
  })
})

test('a refusal tells what is wrong with the request', async () => {
  await expect(augur.submit('augur/digits', { pixels: [1] })).rejects.toMatchObject({
    name: 'AugurError',
    status: 422,
    problem: { code: 'invalid_input', errors: [{ pointer: '/input/pixels' }] },
  })
})

test('a prediction is submitted, waited for, found in the list and deleted', async () => {
  const { input, label } = own.row(1)
  const metadata = { order: '4711' }
  const { id } = await augur.submit('augur/digits', { ...input }, { metadata, cancelAfter: '5m' })
  expect(await augur.wait(id)).toMatchObject({ status: 'succeeded', output: { label }, metadata })
  const listed = await all(augur.list({ metadata, status: 'succeeded' }))
  expect(listed.map((prediction) => prediction.id)).toEqual([id])
  await augur.delete(id)
  await expect(augur.get(id)).rejects.toMatchObject({ status: 404 })
})

test('requests with the same key make one prediction', async () => {
  const submit = () => augur.submit('augur/digits', { ...own.row(2).input }, { idempotencyKey: 'one' })
  const created = await Promise.all([submit(), submit(), submit()])
  expect(new Set(created.map(({ id }) => id)).size).toBe(1)
})

test('a prediction is canceled, also by the signal of who waits for it', async () => {
  const input = { value: [1, 2, 3], gate: 'never' }
  const held = await augur.submit('augur/gated', input)
  expect(await augur.cancel(held.id)).toMatchObject({ status: 'canceled' })
  const abort = new AbortController()
  const metadata = { story: 'abort' }
  const run = augur.run('augur/gated', input, { metadata, signal: abort.signal })
  const find = async () => (await all(augur.list({ metadata }))).map(({ status }) => status)
  await expect.poll(find).toHaveLength(1)
  abort.abort()
  await expect(run).rejects.toThrow('abort')
  expect(await find()).toEqual(['canceled'])
})

test('one that has ended is submitted once more, or to another version', async () => {
  const { input, label } = own.row(3)
  const { id } = await augur.wait(await augur.submit('augur/digits:fp32', { ...input }))
  const again = await augur.wait(await augur.retry(id))
  expect(again).toMatchObject({ version_label: 'fp32', output: { label }, retried_from: id })
  const other = await augur.wait(await augur.replay(id, 'int8'))
  expect(other).toMatchObject({ version_label: 'int8', output: { label } })
})

test('stream() yields the output, and throws the prediction that has failed', async () => {
  const { input, label } = own.row(4)
  const events = await all(augur.stream('augur/digits', { ...input }))
  expect(events.map(({ event }) => event)).toEqual(['output'])
  expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({ label })
  await expect(all(augur.stream('augur/digits', { image: brokenImage }))).rejects.toMatchObject({
    name: 'PredictionError',
  })
})

test('a file is uploaded, given as an input, downloaded and deleted', async () => {
  const file = await augur.files.upload(new Blob([digitSeven]), {
    name: 'seven.png',
    metadata: { by: 'test' },
  })
  expect(file).toMatchObject({ name: 'seven.png', content_type: 'image/png', metadata: { by: 'test' } })
  expect(await augur.run('augur/digits', { image: file.urls.get })).toMatchObject({ label: '7' })
  expect(Buffer.from(await (await augur.files.download(file)).arrayBuffer())).toEqual(digitSeven)
  expect((await all(augur.files.list())).map(({ id }) => id)).toEqual([file.id])
  await augur.files.delete(file.id)
  await expect(augur.files.get(file.id)).rejects.toMatchObject({ name: 'AugurError' })
})

test('a batch tells how far it is, and gives results and errors in the order of its lines', async () => {
  const rows = Array.from({ length: 30 }, (_, index) => own.row(index))
  const lines = rows.map(({ input }, i) => ({ custom_id: `row-${i}`, input: { ...input } }))
  const wrong = { custom_id: 'wrong', input: { pixels: [1] } }
  const { id } = await augur.batches.create('augur/digits', [...lines, wrong], { metadata: { of: 'rows' } })
  const seen = await all(augur.batches.progress(id))
  expect(seen.at(-1)).toEqual({
    status: 'completed',
    request_counts: { total: 31, completed: 30, failed: 1 },
  })
  const results = await all(augur.batches.results(id))
  expect(results).toMatchObject(
    rows.map(({ label }, i) => ({ custom_id: `row-${i}`, line: i + 1, output: { label } })),
  )
  expect(await all(augur.batches.errors(id))).toMatchObject([
    { custom_id: 'wrong', line: 31, error_code: 'invalid_input' },
  ])
  expect(await augur.batches.wait(id)).toMatchObject({ status: 'completed', metadata: { of: 'rows' } })
})

test('a batch is sent as its lines come', async () => {
  async function* lines() {
    for (let i = 0; i < 3; i++) yield { input: { ...own.row(i).input } }
  }
  const { id } = await augur.batches.create('augur/digits:fp32', lines())
  await augur.batches.wait(id)
  expect(await all(augur.batches.results(id))).toHaveLength(3)
})

test('models are listed, searched and found', async () => {
  expect((await augur.models.list()).map(({ name }) => name)).toEqual(['digits', 'gated'])
  expect((await augur.models.search('handwritten')).map(({ name }) => name)).toEqual(['digits'])
  expect(await augur.models.get('augur/digits')).toMatchObject({ name: 'digits', state: 'ready' })
  expect((await augur.models.versions('augur/digits')).map(({ label }) => label).toSorted()).toEqual([
    'fp32',
    'int8',
  ])
})

test('a webhook is verified, and one that was changed is not', async () => {
  const receiver = await startWebhookReceiver()
  const options = { webhook: receiver.url, webhook_events_filter: ['completed' as const] }
  const { id } = await augur.submit('augur/digits', { ...own.row(5).input }, options)
  const [webhook] = await receiver.waitFor(1)
  if (!webhook) throw new Error('nothing came')
  expect(await augur.webhooks.verify(webhook)).toMatchObject({ id, status: 'succeeded' })
  const changed = { ...webhook, body: webhook.body.replace('succeeded', 'failed') }
  await expect(augur.webhooks.verify(changed)).rejects.toThrow(InvalidWebhookError)
  await receiver.close()
})
