import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputSchema, outputJsonSchema } from '@augur/core/models/input-schema'
import { type Manifest, type ManifestInput, manifestSchema } from '@augur/core/models/manifest'
import { wordPieceTokenizer } from '@augur/test-support/tokenizer'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeJson } from '../encode-json.js'
import { findMismatch, type Tensors } from '../tensor.js'
import { openPipeline } from './open-pipeline.js'

const sha256 = '0'.repeat(64)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-pipelines-'))
  await writeFile(join(folder, 'labels.txt'), 'cat\ndog\n\n'.trimEnd())
  await writeFile(join(folder, 'tokenizer.json'), wordPieceTokenizer())
  await writeFile(
    join(folder, 'own.mjs'),
    `export function preprocess(input) {
      if (typeof input.n !== 'number') throw Object.assign(new Error('n must be a number'), { name: 'InvalidInputError' })
      return { x: { type: 'float32', dims: [1, 1], data: Float32Array.of(input.n) } }
    }
    export const postprocess = async (outputs, input, { log }) => {
      log('added ' + input.n)
      return { sum: outputs.y.data[0] + input.n }
    }`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

function manifestOf(parts: Omit<ManifestInput, 'files'>): Manifest {
  const paths = ['model.onnx', 'labels.txt', 'tokenizer.json', 'own.mjs']
  const files = paths.map((path) => ({ path, sha256 }))
  return manifestSchema.parse({ ...parts, files })
}

const float = (name: string, ...shape: (number | string)[]) => ({ name, type: 'float32' as const, shape })
const int64 = (name: string, ...shape: (number | string)[]) => ({ name, type: 'int64' as const, shape })

const images = manifestOf({
  inputs: [float('image', 'N', 1, 2, 2)],
  outputs: [float('logits', 'N', 2)],
  pipeline: {
    name: 'image-classification',
    image: { width: 2, height: 2, channels: 1, ink: 'light', polarity: 'auto' },
    pixels: { maximum: 16 },
    labels: 'labels.txt',
    topK: 1,
  },
})
const texts = manifestOf({
  inputs: [
    int64('input_ids', 'N', 'S'),
    int64('attention_mask', 'N', 'S'),
    int64('token_type_ids', 'N', 'S'),
  ],
  outputs: [float('logits', 'N', 2)],
  pipeline: {
    name: 'text-classification',
    tokenizer: 'tokenizer.json',
    maxLength: 6,
    maxCharacters: 30,
    pair: true,
    activation: 'sigmoid',
    labels: 'labels.txt',
  },
})
const embeddings = manifestOf({
  inputs: [int64('input_ids', 'N', 'S'), int64('attention_mask', 'N', 'S')],
  outputs: [float('last_hidden_state', 'N', 'S', 2)],
  pipeline: { name: 'text-embedding', tokenizer: 'tokenizer.json', maxLength: 6 },
})
const classes = manifestOf({
  inputs: [float('x', 'N', 3), { name: 'city', type: 'string', shape: ['N', 1] }, int64('visits', 'N')],
  outputs: [float('scores', 'N', 2)],
  pipeline: {
    name: 'tabular',
    columns: [
      { kind: 'number', name: 'age', mean: 40, std: 10, missing: 40 },
      { kind: 'category', name: 'plan', categories: ['free', 'pro'] },
      { kind: 'text', name: 'city', input: 'city' },
      { kind: 'number', name: 'visits', input: 'visits' },
    ],
    activation: 'none',
    labels: 'labels.txt',
    topK: 1,
  },
})
const price = manifestOf({
  inputs: [float('x', 'N', 1)],
  outputs: [float('y', 'N', 1)],
  pipeline: {
    name: 'tabular',
    columns: [{ kind: 'number', name: 'rooms' }],
    target: { mean: 100, std: 20 },
  },
})
const tensors = manifestOf({
  inputs: [float('x', 'N', 2), { name: 'flag', type: 'bool', shape: ['N'] }],
  outputs: [float('y', 'N', 2)],
  pipeline: { name: 'tensors' },
})
const ownModule = manifestOf({
  inputs: [float('x', 'N', 1)],
  outputs: [float('y', 'N', 1)],
  pipeline: { name: 'module', path: 'own.mjs' },
})

const pipelines: {
  name: string
  manifest: Manifest
  input: object
  feeds: object
  outputs: Tensors
  output: object
  bad: unknown[]
}[] = [
  {
    name: 'image-classification',
    manifest: images,
    input: { pixels: [0, 16, 8, 4], topK: 2 },
    feeds: { image: { type: 'float32', dims: [1, 1, 2, 2], data: new Float32Array([0, 1, 0.5, 0.25]) } },
    outputs: { logits: { type: 'float32', dims: [1, 2], data: new Float32Array([0, 0]) } },
    output: {
      label: 'cat',
      probabilities: { cat: 0.5, dog: 0.5 },
      top: [
        { label: 'cat', probability: 0.5 },
        { label: 'dog', probability: 0.5 },
      ],
    },
    bad: [
      null,
      {},
      { pixels: [1] },
      { pixels: 'x' },
      { pixels: [1, 2, 3, null] },
      { image: 5 },
      { image: 'x' },
    ],
  },
  {
    name: 'text-classification',
    manifest: texts,
    input: { text: 'The bill?', pair: 'wrong', topK: 1 },
    feeds: {
      input_ids: { type: 'int64', dims: [1, 6], data: new BigInt64Array([2n, 4n, 5n, 3n, 7n, 3n]) },
      attention_mask: { type: 'int64', dims: [1, 6], data: new BigInt64Array([1n, 1n, 1n, 1n, 1n, 1n]) },
      token_type_ids: { type: 'int64', dims: [1, 6], data: new BigInt64Array([0n, 0n, 0n, 0n, 1n, 1n]) },
    },
    outputs: { logits: { type: 'float32', dims: [1, 2], data: new Float32Array([0, 0]) } },
    output: {
      label: 'cat',
      probabilities: { cat: 0.5, dog: 0.5 },
      top: [{ label: 'cat', probability: 0.5 }],
    },
    bad: [null, [], {}, { text: 7 }, { text: ' \n' }, { text: 'x'.repeat(31) }, { text: 'x', pair: 1 }],
  },
  {
    name: 'text-embedding',
    manifest: embeddings,
    input: { text: 'my bill' },
    feeds: {
      input_ids: { type: 'int64', dims: [1, 4], data: new BigInt64Array([2n, 11n, 5n, 3n]) },
      attention_mask: { type: 'int64', dims: [1, 4], data: new BigInt64Array([1n, 1n, 1n, 1n]) },
    },
    // As a micro-batch with a longer text leaves them: what stands behind the four tokens is padding.
    outputs: {
      last_hidden_state: {
        type: 'float32',
        dims: [1, 5, 2],
        data: new Float32Array([1, 0, 3, 4, 3, 8, 5, 4, 99, 99]),
      },
    },
    output: { embedding: [0.6, 0.8] },
    bad: [null, {}, { text: null }, { text: '' }],
  },
  {
    name: 'tabular',
    manifest: classes,
    input: { age: 30, plan: 'pro', city: 'Ghent', visits: 3 },
    feeds: {
      x: { type: 'float32', dims: [1, 3], data: new Float32Array([-1, 0, 1]) },
      city: { type: 'string', dims: [1, 1], data: ['Ghent'] },
      visits: { type: 'int64', dims: [1], data: new BigInt64Array([3n]) },
    },
    outputs: { scores: { type: 'float32', dims: [1, 2], data: new Float32Array([0.25, 0.75]) } },
    output: {
      label: 'dog',
      probabilities: { cat: 0.25, dog: 0.75 },
      top: [{ label: 'dog', probability: 0.75 }],
    },
    bad: [
      null,
      {},
      { age: 30, plan: 'gold', city: 'Ghent', visits: 3 },
      { age: '30', plan: 'pro', city: 'Ghent', visits: 3 },
      { age: 30, plan: 'pro', city: 1, visits: 3 },
      { age: 30, plan: 'pro', city: 'Ghent', visits: 0.5 },
    ],
  },
  {
    name: 'tabular (a number)',
    manifest: price,
    input: { rooms: 3 },
    feeds: { x: { type: 'float32', dims: [1, 1], data: new Float32Array([3]) } },
    outputs: { y: { type: 'float32', dims: [1, 1], data: new Float32Array([0.5]) } },
    output: { value: 110 },
    bad: [null, {}],
  },
  {
    name: 'tensors',
    manifest: tensors,
    input: { x: [1, 2], flag: true },
    feeds: {
      x: { type: 'float32', dims: [1, 2], data: new Float32Array([1, 2]) },
      flag: { type: 'bool', dims: [1], data: new Uint8Array([1]) },
    },
    outputs: { y: { type: 'float32', dims: [1, 2], data: new Float32Array([3, 4]) } },
    output: { y: [3, 4] },
    bad: [
      null,
      {},
      { x: [1, 2] },
      { x: [1, 2, 3], flag: true },
      { x: [1, 2], flag: 1 },
      { x: [1, '2'], flag: true },
    ],
  },
  {
    name: 'module',
    manifest: ownModule,
    input: { n: 2 },
    feeds: { x: { type: 'float32', dims: [1, 1], data: new Float32Array([2]) } },
    outputs: { y: { type: 'float32', dims: [1, 1], data: new Float32Array([5]) } },
    output: { sum: 7 },
    bad: [{}],
  },
]

describe.each(pipelines)('the $name pipeline', ({ manifest, input, feeds, outputs, output, bad }) => {
  test('turns an input that its schema accepts into feeds of batch size 1 that fit the manifest', async () => {
    expect(inputSchema(manifest).safeParse(input).success).toBe(true)
    const pipeline = await openPipeline(folder, manifest)
    const given = await pipeline.preprocess(input)
    expect(given).toEqual(feeds)
    expect(findMismatch(given, manifest.inputs)).toBeUndefined()
  })

  test('turns outputs of batch size 1 into a JSON value with the properties that its schema names', async () => {
    const pipeline = await openPipeline(folder, manifest)
    const result = await pipeline.postprocess(outputs, input)
    expect(JSON.parse(encodeJson(result))).toEqual(output)
    expect(Object.keys(output)).toEqual(outputJsonSchema(manifest).required ?? Object.keys(output))
  })

  test('refuses an input that does not fit with an InvalidInputError', async () => {
    const pipeline = await openPipeline(folder, manifest)
    for (const wrong of bad) {
      await expect(pipeline.preprocess(wrong)).rejects.toMatchObject({ name: 'InvalidInputError' })
    }
  })
})

describe('image-classification', () => {
  test('gives as many of the best classes as the manifest says, when the input does not', async () => {
    const pipeline = await openPipeline(folder, images)
    const logits = { type: 'float32' as const, dims: [1, 2], data: new Float32Array([0, 2]) }
    expect(await pipeline.postprocess({ logits }, {})).toMatchObject({
      label: 'dog',
      top: [{ label: 'dog' }],
    })
  })

  test('reads dark ink on white paper as the light ink that the model knows', async () => {
    const wide = { ...images, inputs: [float('image', 'N', 1, 4, 4)] }
    if (wide.pipeline.name !== 'image-classification') throw new Error('not reached')
    const image = { ...wide.pipeline.image, width: 4, height: 4 }
    const pipeline = await openPipeline(folder, { ...wide, pipeline: { ...wide.pipeline, image } })
    const paper = Uint8Array.from({ length: 16 }, (_, index) => (index === 5 ? 0 : 255))
    const png = await sharp(paper, { raw: { width: 4, height: 4, channels: 1 } })
      .png()
      .toBuffer()
    const feeds = await pipeline.preprocess({ image: png.toString('base64') })
    expect(feeds.image?.data).toEqual(Float32Array.from({ length: 16 }, (_, index) => (index === 5 ? 1 : 0)))
  })

  test.each([
    ['labels for another number of classes', 'a\nb\nc', 'no output has one score for each of the 3 labels'],
    ['a label twice', 'a\na', 'holds a label twice'],
    ['an empty line', 'a\n\nb', 'is empty'],
  ])('refuses %s', async (_what, text, message) => {
    const other = await mkdtemp(join(tmpdir(), 'augur-labels-'))
    await writeFile(join(other, 'labels.txt'), text)
    await expect(openPipeline(other, images)).rejects.toThrow(message)
    await rm(other, { recursive: true })
  })

  test('refuses a model whose input does not fit the image', async () => {
    const other = { ...images, inputs: [float('image', 'N', 1, 3, 3)] }
    await expect(openPipeline(folder, other)).rejects.toThrow('the shape of the input does not fit')
  })
})

describe('tabular', () => {
  test('takes the declared value where a column is missing', async () => {
    const pipeline = await openPipeline(folder, classes)
    const feeds = await pipeline.preprocess({ plan: 'free', city: '', visits: 0 })
    expect(feeds.x?.data).toEqual(new Float32Array([0, 1, 0]))
  })
})

describe('text-embedding', () => {
  test('gives the vector as the model does where the manifest says so', async () => {
    const { inputs, outputs: vectors } = embeddings
    const manifest = manifestOf({
      inputs,
      outputs: vectors,
      pipeline: {
        name: 'text-embedding',
        tokenizer: 'tokenizer.json',
        maxLength: 6,
        pooling: 'cls',
        normalise: false,
      },
    })
    const pipeline = await openPipeline(folder, manifest)
    const data = new Float32Array([3, 4, 9, 9])
    const outputs = { last_hidden_state: { type: 'float32' as const, dims: [1, 2, 2], data } }
    expect(await pipeline.postprocess(outputs, { text: 'my bill' })).toEqual({ embedding: [3, 4] })
  })
})
