import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { encodeOnnx } from '@augur/test-support/onnx'
import { field, message } from '@augur/test-support/protobuf'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf, ended, type WirePrediction } from './support/predictions.js'

const keys = { region: 'eu-test-1', accessKeyId: 'AKID', secretAccessKey: 'not-so-secret' }
const tensor = (name: string) => ({ name, type: 'float32' as const, shape: ['N', 3] })
const doubling = encodeOnnx({
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [tensor('x')],
  outputs: [tensor('y')],
})
const entry = (key: string, value: string) => field(13, message(field(1, key), field(2, value)))
/** y = x + w, where w = [10, 20, 30] lies in another file. */
const shifting = message(
  encodeOnnx({
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [tensor('x')],
    outputs: [tensor('y')],
  }),
  field(
    7,
    field(
      5,
      message(
        field(1, 3),
        field(2, 1),
        field(8, 'w'),
        entry('location', 'data/w.bin'),
        entry('offset', '4096'),
        entry('length', '12'),
        field(14, 1),
      ),
    ),
  ),
)
const weights = Buffer.alloc(300_000)
weights.set(Buffer.from(new Float32Array([10, 20, 30]).buffer), 4096)

let modelsDir: string
let store: ArtefactServer
let stack: TestStack

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(join(modelsDir, path, '..'), { recursive: true })
  await writeFile(join(modelsDir, path), content)
}

function manifest(files: Record<string, { bytes: Uint8Array; url?: string }>): string {
  const listed = Object.entries(files).map(([path, { bytes, url }]) => {
    if (url !== undefined) store.files.set(`/${url.slice('s3://'.length)}`, bytes)
    return { path, sha256: createHash('sha256').update(bytes).digest('hex'), url }
  })
  const tensors = { inputs: [tensor('x')], outputs: [tensor('y')] }
  return JSON.stringify({ ...tensors, pipeline: { name: 'tensors' }, files: listed })
}

beforeAll(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  store = await startArtefactServer(keys)
  store.answers.push({ cutAfterBytes: 100_000 }, { status: 503 })
  await write('doubling/1/model.onnx', doubling)
  await write(
    'shifting/1/manifest.json',
    manifest({
      'data/w.bin': { bytes: weights, url: 's3://artefacts/w.bin' },
      'model.onnx': { bytes: shifting, url: 's3://artefacts/shifting.onnx' },
    }),
  )
  await write('broken/page/model.onnx', '<html>Sign in</html>')
  await write('broken/escape/model.onnx', message(doubling, field(7, field(5, entry('location', '../../w')))))
  stack = await startTestStack({
    modelsDir,
    workers: 2,
    env: {
      AUGUR_S3_ENDPOINT: store.url,
      AUGUR_S3_REGION: keys.region,
      AUGUR_S3_ACCESS_KEY_ID: keys.accessKeyId,
      AUGUR_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
  })
})
afterAll(async () => {
  await stack?.stop()
  await store?.close()
  await rm(modelsDir, { recursive: true, force: true })
})

async function predict(version: string): Promise<WirePrediction> {
  const response = await stack.request('/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version, input: { x: [1, 2, 3] } }),
  })
  const created = await bodyOf(response)
  expect([response.status, created]).toMatchObject([201, { error: null }])
  return ended(stack, created.id)
}

test('a folder with only model.onnx is served by what the file says', async () => {
  expect(await predict('augur/doubling:1')).toMatchObject({
    status: 'succeeded',
    output: { y: [2, 4, 6] },
  })
})

test('a model and its weights are fetched from a store, once for two workers', async () => {
  expect(await predict('augur/shifting:1')).toMatchObject({
    status: 'succeeded',
    output: { y: [11, 22, 33] },
  })
  // Two files, and once more for each of the two answers that failed.
  expect(store.requests.length).toBeLessThanOrEqual(4)
})

test('what is wrong with other folders is told, and stops nobody', async () => {
  const model = await bodyOf<{ problems: object[] }>(await stack.request('/models/augur/broken'))
  expect(model.problems).toEqual([
    expect.objectContaining({ label: 'escape', code: 'unsafe_file', file: 'model.onnx' }),
    expect.objectContaining({ label: 'page', code: 'invalid_model', file: 'model.onnx' }),
  ])
})
