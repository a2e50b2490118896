import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ManifestInput, manifestSchema, type TensorSpec } from '@augur/core/models/manifest'
import { encodeOnnx, type OnnxGraph } from '@augur/test-support/onnx'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { OnnxSession } from '../onnx-session.js'
import type { Pipeline } from '../pipelines/pipeline.js'
import { openTensors } from '../pipelines/tensors.js'
import type { RunInput } from './protocol.js'
import { createModel, type Model, runMicroBatch } from './run-micro-batch.js'

let folder: string
const opened: OnnxSession[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-micro-batch-'))
})
afterEach(() => Promise.all(opened.splice(0).map((session) => session.release())))
afterAll(() => rm(folder, { recursive: true }))

type Batching = NonNullable<NonNullable<ManifestInput['serving']>['batching']>

interface Opened {
  model: Model
  /** Rows of each run so far. */
  runs: (number | undefined)[]
}

/** A model of this graph, by the pipeline `tensors` or by another. */
async function open(graph: OnnxGraph, batching: Batching = {}, pipeline?: Pipeline): Promise<Opened> {
  await writeFile(join(folder, 'model.onnx'), encodeOnnx(graph))
  const manifest = manifestSchema.parse({
    inputs: graph.inputs,
    outputs: graph.outputs,
    pipeline: pipeline ? { name: 'module', path: 'own.mjs' } : { name: 'tensors' },
    files: ['model.onnx', 'own.mjs'].map((path) => ({ path, sha256: '0'.repeat(64) })),
    serving: { batching },
  })
  const session = await OnnxSession.open(folder, manifest, { providers: ['cpu'], threads: 1 })
  opened.push(session)
  const runs: (number | undefined)[] = []
  const run = session.run.bind(session)
  session.run = (feeds) => {
    runs.push(Object.values(feeds)[0]?.dims[0])
    return run(feeds)
  }
  return { model: createModel(session, pipeline ?? openTensors(manifest), manifest), runs }
}

/** The parsed outputs, or what went wrong instead. */
async function answers({ model }: Opened, inputs: RunInput[]): Promise<unknown[]> {
  const { results } = await runMicroBatch(model, inputs)
  return results.map((result) => (result.ok ? JSON.parse(result.output) : result.code))
}

const float = (name: string, shape: TensorSpec['shape']): TensorSpec => ({ name, type: 'float32', shape })
const nested = (x: unknown): RunInput => ({ form: 'pipeline', json: JSON.stringify({ x }) })
const encoded = (x: object): RunInput => ({ form: 'tensors', json: JSON.stringify({ x }) })
const identity = (shape: TensorSpec['shape'], outputShape = shape): OnnxGraph => ({
  nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  inputs: [float('x', shape)],
  outputs: [float('y', outputShape)],
})

test('inputs of both forms and any number of rows share a run, and each is answered as it asked', async () => {
  const model = await open(identity(['N', 2]), { maxSize: 8 })
  const base64 = Buffer.from(Float32Array.of(5, 6).buffer).toString('base64')
  const inputs = [
    nested([1, 2]),
    encoded({ shape: [2, 2], data: [3, 4, 'NaN', 'Infinity'] }),
    encoded({ shape: [1, 2], base64 }),
    encoded({ shape: [0, 2], data: [] }),
    { ...encoded({ shape: [1, 2], data: [7, 8] }), form: 'pipeline' as const },
  ]
  expect(await answers(model, inputs)).toEqual([
    { y: [1, 2] },
    { y: { datatype: 'FP32', shape: [2, 2], data: [3, 4, 'NaN', 'Infinity'] } },
    { y: { datatype: 'FP32', shape: [1, 2], base64 } },
    { y: { datatype: 'FP32', shape: [0, 2], data: [] } },
    { y: { datatype: 'FP32', shape: [1, 2], data: [7, 8] } },
  ])
  expect(model.runs).toEqual([5])
})

test('a run has no more rows than maxSize, unless one input alone has more', async () => {
  const model = await open(identity(['N']), { maxSize: 4 })
  const rows = (count: number) =>
    encoded({ shape: [count], data: Array.from({ length: count }, () => count) })
  const counts = [3, 2, 2, 9, 1]
  expect(await answers(model, counts.map(rows))).toEqual(
    counts.map((count) => ({ y: expect.objectContaining({ shape: [count] }) })),
  )
  expect(model.runs).toEqual([3, 4, 9, 1])
})

test('ragged inputs are joined where the manifest says how, and come back in their own length', async () => {
  const graph = identity(['N', 'S'])
  const inputs = [nested([1]), nested([2, 3]), nested([]), encoded({ shape: [2, 1], data: [4, 5] })]
  const own = [{ y: [1] }, { y: [2, 3] }, { y: [] }, { y: { datatype: 'FP32', shape: [2, 1], data: [4, 5] } }]
  const apart = await open(graph, { maxSize: 8 })
  expect(await answers(apart, inputs)).toEqual(own)
  expect(apart.runs).toEqual([3, 1, 1])
  const padded = await open(graph, { maxSize: 8, padding: { x: 'NaN' } })
  expect(await answers(padded, inputs)).toEqual(own)
  expect(padded.runs).toEqual([5])
})

test('an output whose dimension has another name keeps what the padding made of it', async () => {
  const model = await open(identity(['N', 'S'], ['N', 'T']), { maxSize: 8, padding: { x: -1 } })
  expect(await answers(model, [nested([1]), nested([2, 3])])).toEqual([{ y: [1, -1] }, { y: [2, 3] }])
})

test('a model that does not keep its promise of rows is run one by one', async () => {
  const graph: OnnxGraph = {
    nodes: [{ op: 'ReduceSum', inputs: ['x'], outputs: ['y'], attributes: { keepdims: 1 } }],
    inputs: [float('x', ['N'])],
    outputs: [float('y', ['N'])],
  }
  const model = await open(graph, { maxSize: 8 })
  expect(await answers(model, [nested(1), nested(2)])).toEqual([{ y: 1 }, { y: 2 }])
  expect(model.runs).toEqual([2, 1, 1])
})

test('any rank may come and go where the model leaves it open', async () => {
  const model = await open(identity(null))
  const inputs = [nested(1), nested([[1], [2]]), encoded({ shape: [1, 1, 1, 1], data: [3] })]
  expect(await answers(model, inputs)).toEqual([
    { y: 1 },
    { y: [[1], [2]] },
    { y: { datatype: 'FP32', shape: [1, 1, 1, 1], data: [3] } },
  ])
})

test('an output in another shape than declared is shown as it is, but given to no pipeline that counts on it', async () => {
  const graph = identity(['N', 'S'], ['N', 2])
  const trusting: Pipeline = {
    preprocess: async () => ({ x: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } }),
    postprocess: () => 'nonsense',
  }
  expect(await answers(await open(graph), [encoded({ shape: [1, 3], data: [1, 2, 3] })])).toEqual([
    { y: { datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] } },
  ])
  const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await answers(await open(graph, {}, trusting), [nested(0)])).toEqual(['model_error'])
  expect(String(log.mock.calls[0])).toContain('must have size 2')
  log.mockRestore()
})

test('each input has logs of its own, also one that failed, and one that wrote nothing has none', async () => {
  const talking: Pipeline = {
    preprocess: async (input, tools) => {
      if (input === 'silent') return { x: { type: 'float32', dims: [1], data: Float32Array.of(0) } }
      tools?.log(`before ${String(input)}`)
      if (input === 'bad') throw new Error('a fault')
      return { x: { type: 'float32', dims: [1], data: Float32Array.of(1) } }
    },
    postprocess: (_outputs, input, tools) => {
      if (input !== 'silent') tools?.log(`after ${String(input)}`)
      return input
    },
  }
  const { model } = await open(identity(['N']), { maxSize: 8 }, talking)
  const inputs = ['one', 'bad', 'silent'].map((text) => ({
    form: 'pipeline' as const,
    json: JSON.stringify(text),
  }))
  const { results } = await runMicroBatch(model, inputs)
  expect(results.map(({ ok, logs }) => [ok, logs])).toEqual([
    [true, 'before one\nafter one\n'],
    [false, 'before bad\n'],
    [true, undefined],
  ])
})
