import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TensorSpec } from '@augur/core/models/manifest'
import { elementsToBytes } from '@augur/core/tensors/element-bytes'
import { sleepingModel, sumModel, writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { infer, inferBinary, postInfer, type WireProblem, type WireTensor } from './support/open-inference.js'
import { bodyOf } from './support/predictions.js'

const specs: TensorSpec[] = [
  { name: 'flags', type: 'bool', shape: ['N'] },
  { name: 'ids', type: 'int64', shape: ['N', 2] },
  { name: 'words', type: 'string', shape: ['N'] },
  { name: 'halves', type: 'float16', shape: ['N'] },
]

const tensors: WireTensor[] = [
  { name: 'flags', datatype: 'BOOL', shape: [2], data: [true, false] },
  { name: 'ids', datatype: 'INT64', shape: [2, 2], data: [1, -2, '9223372036854775807', 4] },
  { name: 'words', datatype: 'BYTES', shape: [2], data: ['', 'é漢😀'] },
  { name: 'halves', datatype: 'FP16', shape: [2], data: [0.5, 'NaN'] },
]

/** Gives back four tensors of different types under other names. */
function echoModel(dir: string) {
  const outputs = specs.map((spec) => ({ ...spec, name: `${spec.name}Out` }))
  const nodes = specs.map(({ name }) => ({ op: 'Identity', inputs: [name], outputs: [`${name}Out`] }))
  return writeModel(dir, 'echo', '1', {
    onnx: encodeOnnx({ nodes, inputs: specs, outputs }),
    manifest: { inputs: specs, outputs, pipeline: { name: 'tensors' } },
  })
}

let dir: string
let stack: TestStack
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  await sumModel(dir)
  await sleepingModel(dir)
  await echoModel(dir)
  stack = await startTestStack({ modelsDir: dir })
})
afterAll(async () => {
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

const x: WireTensor = { name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }

test('several rows of JSON are run, and a version is asked for by its label', async () => {
  const rows = { ...x, shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }
  for (const model of ['sum', 'augur/sum', 'augur%2Fsum', 'sum/versions/1']) {
    expect(await infer(stack, model, [rows])).toEqual({
      model_name: 'augur/sum',
      model_version: '1',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 3], data: [2, 4, 6, 8, 10, 12] }],
    })
  }
})

test('every type goes in and comes out, as JSON and as bytes', async () => {
  const { outputs } = await infer(stack, 'echo', tensors)
  expect(outputs).toEqual(tensors.map((tensor) => ({ ...tensor, name: `${tensor.name}Out` })))

  const binary = tensors.map(({ data, ...tensor }, index) => ({
    ...tensor,
    bytes: elementsToBytes(specs[index]?.type ?? 'string', data),
  }))
  expect(await inferBinary(stack, 'echo', binary)).toEqual(
    binary.map((tensor) => ({ ...tensor, name: `${tensor.name}Out` })),
  )
})

test('only the outputs that are asked for are answered, in their order', async () => {
  const outputs = [{ name: 'wordsOut' }, { name: 'flagsOut' }]
  const response = await postInfer(stack, 'echo', { id: 'mine', inputs: tensors, outputs })
  const answer = await bodyOf<{ id: string; outputs: WireTensor[] }>(response)
  expect(answer.id).toBe('mine')
  expect(answer.outputs.map(({ name }) => name)).toEqual(['wordsOut', 'flagsOut'])
})

test('the tensors of a model go past its pipeline', async () => {
  const { outputs } = await infer(stack, 'sleeping', [x])
  expect(outputs).toEqual([{ ...x, name: 'y' }])
})

test('callers at the same time get their own rows', async () => {
  const counts = Array.from({ length: 100 }, (_, index) => (index % 3) + 1)
  const answers = await Promise.all(
    counts.map((rows, index) => {
      const data = Array.from({ length: rows * 3 }, (_, at) => index * 100 + at)
      return infer(stack, 'sum', [{ ...x, shape: [rows, 3], data }])
    }),
  )
  for (const [index, { outputs }] of answers.entries()) {
    const rows = counts[index] ?? 0
    const data = Array.from({ length: rows * 3 }, (_, at) => 2 * (index * 100 + at))
    expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [rows, 3], data }])
  }
})

test('wrong inputs are refused where they stand in the request', async () => {
  const inputs = tensors.map((tensor) =>
    tensor.name === 'ids' ? { ...tensor, data: [1, 2, 3, '9223372036854775808'] } : tensor,
  )
  const response = await postInfer(stack, 'echo', { inputs })
  const problem = await bodyOf<WireProblem>(response)
  expect(problem).toMatchObject({ status: 422, code: 'invalid_input' })
  expect(problem.errors.map(({ pointer }) => pointer)).toEqual(['/inputs/1/data/3'])
  expect(problem.error).toContain('inputs.1.data.3')
})

const repository = (path: string) => fetch(`${stack.url}/v2/repository/${path}`, { method: 'POST' })
const isReady = async () => (await fetch(`${stack.url}/v2/models/sum/ready`)).status === 200

test('a model is unloaded and loaded again, while others stay', async () => {
  expect(await isReady()).toBe(true)
  expect((await repository('models/sum/unload')).status).toBe(200)
  expect(await isReady()).toBe(false)
  expect((await postInfer(stack, 'sum', { inputs: [x] })).status).toBe(404)
  const index = await bodyOf<{ name: string; state: string }[]>(await repository('index'))
  expect(index.find(({ name }) => name === 'augur/sum')?.state).toMatch(/UNAVAILABLE|UNLOADING/)
  await infer(stack, 'echo', tensors)
  expect((await repository('models/sum/load')).status).toBe(200)
  expect(await isReady()).toBe(true)
  await infer(stack, 'sum', [x])
})
