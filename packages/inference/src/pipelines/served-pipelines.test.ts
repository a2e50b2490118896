import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { wordPieceTokenizer } from '@augur/test-support/tokenizer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadVersion } from '../runner/load-version.js'
import { type Model, runMicroBatch } from '../runner/run-micro-batch.js'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-served-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function load(name: string, files: Parameters<typeof writeModel>[3]): Promise<Model> {
  const { folder, manifest } = await writeModel(dir, name, '1', files)
  const loaded = await loadVersion(folder, manifest, { providers: ['cpu'], threads: 1 })
  if (!loaded.ok) throw new Error(loaded.reason)
  return loaded.model
}

/** Each answer, parsed, or the message of its failure. */
async function answersOf(model: Model, inputs: readonly object[]): Promise<unknown[]> {
  const given = inputs.map((input) => ({ form: 'pipeline' as const, json: JSON.stringify(input) }))
  const { results } = await runMicroBatch(model, given)
  return results.map((result) => (result.ok ? JSON.parse(result.output) : result.message))
}

/** The vector of a token is its id and its id squared. */
async function loadEmbedding(): Promise<Model> {
  const vectors = Float32Array.from({ length: 2 * 18 }, (_, index) => (index >> 1) ** (1 + (index % 2)))
  const inputs = [{ name: 'input_ids', type: 'int64' as const, shape: ['N', 'S'] }]
  const outputs = [{ name: 'vectors', type: 'float32' as const, shape: ['N', 'S', 2] }]
  return load('embedding', {
    onnx: encodeOnnx({
      nodes: [{ op: 'Gather', inputs: ['embedding', 'input_ids'], outputs: ['vectors'] }],
      inputs,
      outputs,
      initializers: [{ name: 'embedding', type: 'float32', dims: [18, 2], data: vectors }],
    }),
    files: { 'tokenizer.json': wordPieceTokenizer() },
    manifest: {
      inputs,
      outputs,
      pipeline: { name: 'text-embedding', tokenizer: 'tokenizer.json', maxLength: 16, normalise: false },
      serving: { batching: { maxSize: 8, padding: { input_ids: 0 } } },
    },
  })
}

test('texts of unequal length that are joined get the embeddings that they get alone', async () => {
  const model = await loadEmbedding()
  const texts = ['my', 'the bill is wrong', 'late parcel', 'my bill is lately unpaid!'].map((text) => ({
    text,
  }))
  const alone = []
  for (const text of texts) alone.push(...(await answersOf(model, [text])))
  expect(await answersOf(model, texts)).toEqual(alone)
  // [CLS] 2, my 11, [SEP] 3
  expect(alone[0]).toEqual({ embedding: [16 / 3, (4 + 121 + 9) / 3] })
  await model.session.release()
})

test('a bad text among good ones fails alone', async () => {
  const model = await loadEmbedding()
  const [good, bad] = await answersOf(model, [{ text: 'my' }, { text: 7 }])
  expect(good).toHaveProperty('embedding')
  expect(bad).toBe('text must be a string')
  await model.session.release()
})

test('rows of a table that are joined get their own answers', async () => {
  const inputs = [
    { name: 'x', type: 'float32' as const, shape: ['N', 3] },
    { name: 'bias', type: 'float32' as const, shape: ['N', 1] },
  ]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1] }]
  const weights = { name: 'w', type: 'float32' as const, dims: [3, 1], data: new Float32Array([1, 10, 100]) }
  const model = await load('price', {
    onnx: encodeOnnx({
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['xw'] },
        { op: 'Add', inputs: ['xw', 'bias'], outputs: ['y'] },
      ],
      inputs,
      outputs,
      initializers: [weights],
    }),
    manifest: {
      inputs,
      outputs,
      pipeline: {
        name: 'tabular',
        columns: [
          { kind: 'number', name: 'rooms', mean: 2, std: 0.5, missing: 2 },
          { kind: 'category', name: 'city', categories: ['Ghent', 'Lyon'] },
          { kind: 'number', name: 'bonus', input: 'bias' },
        ],
        target: { mean: 1000, std: 2 },
      },
      serving: { batching: { maxSize: 8 } },
    },
  })
  const rows = [
    { rooms: 3, city: 'Ghent', bonus: 0 },
    { city: 'Lyon', bonus: 5 },
    { rooms: 2, city: 'Oslo', bonus: 5 },
  ]
  expect(await answersOf(model, rows)).toEqual([
    { value: 1024 },
    { value: 1210 },
    'city must be one of its categories',
  ])
  await model.session.release()
})
