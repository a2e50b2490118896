import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import Replicate from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf, ended } from './support/predictions.js'

const pipeline = `
export function preprocess({ text }, { log }) {
  log('read ' + text.length + ' characters')
  if (text === 'bad') throw new Error('not for callers')
  return { x: { type: 'float32', dims: [1, 1], data: Float32Array.of(text.length) } }
}

export function postprocess(outputs, { text }, { log }) {
  log('two\\nlines')
  return text.split(' ')
}
`

let modelsDir: string
let stack: TestStack
beforeAll(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'augur-words-'))
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 1] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1] }]
  const output = { type: 'array', items: { type: 'string' }, 'x-cog-array-type': 'iterator' }
  await writeModel(modelsDir, 'words', '1', {
    onnx: encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs }),
    files: { 'pipeline.mjs': pipeline },
    manifest: { inputs, outputs, pipeline: { name: 'module', path: 'pipeline.mjs', output } },
  })
  stack = await startTestStack({ modelsDir })
})
afterAll(async () => {
  await stack?.stop()
  await rm(modelsDir, { recursive: true })
})

const logs = 'read 11 characters\ntwo\nlines\n'

function create(text: string, fields: object = {}) {
  return stack.request('/models/augur/words/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: { text }, ...fields }),
  })
}

test('what a module logs stands in the answer, also when it then failed, and its fault does not', async () => {
  const [good, bad] = await Promise.all(
    ['hello brave', 'bad'].map((text) => create(text).then((r) => bodyOf(r))),
  )
  expect(await ended(stack, good?.id ?? '')).toMatchObject({ output: ['hello', 'brave'], logs })
  const failed = await ended(stack, bad?.id ?? '')
  expect(failed).toMatchObject({ status: 'failed', logs: 'read 3 characters\n' })
  expect(JSON.stringify(failed)).not.toContain('not for callers')
})

test('the official client streams its logs and then each word', async () => {
  const client = new Replicate({ auth: 'none', baseUrl: `${stack.url}/api/v1` })
  const events: [string, string][] = []
  for await (const { event, data } of client.stream('augur/words', { input: { text: 'hello brave' } }))
    events.push([event, data])
  expect(events).toEqual([
    ['logs', logs],
    ['output', 'hello'],
    ['output', 'brave'],
    ['done', '{}'],
  ])
  const { latest_version: version } = await client.models.get('augur', 'words')
  expect(version?.openapi_schema).toMatchObject({
    components: { schemas: { Output: { type: 'array', 'x-cog-array-type': 'iterator' } } },
  })
})

test('the webhook is told of the output, with the logs, before the end', async () => {
  const receiver = await startWebhookReceiver()
  await create('hello brave', { webhook: receiver.url })
  const received = await receiver.waitFor(3)
  const told = received.map(({ body }) => JSON.parse(body))
  expect(told.map(({ status, output }) => [status, output])).toEqual([
    ['processing', null],
    ['processing', ['hello', 'brave']],
    ['succeeded', ['hello', 'brave']],
  ])
  expect(told.map((body) => body.logs)).toEqual(['', logs, logs])
  await receiver.close()
})
