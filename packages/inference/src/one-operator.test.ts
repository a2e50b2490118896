import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ElementType, type Manifest, manifestSchema } from '@augur/core/models/manifest'
import { bytesToElements, elementsToBytes, type JsonElement } from '@augur/core/tensors/element-bytes'
import { tensorsInputSchema } from '@augur/core/tensors/tensor-inputs'
import {
  type CaseTensor,
  castCases,
  matrixCases,
  type OneOperatorCase,
  specialCases,
} from '@augur/test-support/one-operator-models'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { OnnxSession } from './onnx-session.js'
import { openTensors } from './pipelines/tensors.js'
import type { ItemResult, RunInput } from './runner/protocol.js'
import { createModel, runMicroBatch } from './runner/run-micro-batch.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-one-operator-'))
  // Runs that fail are part of this, and say so.
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterAll(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

type Outputs = Awaited<ReturnType<InferenceSession['run']>>
const settings = { providers: ['cpu' as const], threads: 1 }

/** Runs each case both ways, compares every case that ONNX Runtime itself can run, and gives their number. */
async function compareAll(cases: OneOperatorCase[], maxSize: number): Promise<number> {
  let compared = 0
  for (const each of cases) {
    const direct = await runDirectly(each)
    if (direct === 'not loaded') continue
    const answers = await runOurs(each, maxSize)
    if (direct === 'not run') {
      expectSame(
        each,
        answers.map(({ ok }) => ok),
        answers.map(() => false),
      )
      continue
    }
    compared++
    const [asData, asBase64] = answers
    expectSame(each, outputOf(asData), expectedData(direct))
    // Without any input there is none that asks for base64.
    const expected = each.inputs.length > 0 ? expectedBase64(direct) : expectedData(direct)
    expectSame(each, outputOf(asBase64), expected)
  }
  return compared
}

/** A difference names its case. */
function expectSame({ name }: OneOperatorCase, actual: unknown, expected: unknown): void {
  expect([name, actual]).toEqual([name, expected])
}

async function runDirectly({
  onnx,
  inputs,
  feeds,
}: OneOperatorCase): Promise<Outputs | 'not loaded' | 'not run'> {
  const session = await InferenceSession.create(onnx, { logSeverityLevel: 4 }).catch(() => null)
  if (!session) return 'not loaded'
  const given = inputs.map(({ name, type }) => [name, ortTensor(type, feeds[name])])
  const outputs = await session.run(Object.fromEntries(given)).catch(() => 'not run' as const)
  await session.release()
  return outputs
}

/** The case as one micro-batch of the same input in both encodings, joined where the model and `maxSize` allow it. */
async function runOurs(each: OneOperatorCase, maxSize: number): Promise<ItemResult[]> {
  await writeFile(join(folder, 'model.onnx'), each.onnx)
  const manifest = manifestOf(each, maxSize)
  const session = await OnnxSession.open(folder, manifest, settings)
  const inputs = [inputOf(each, false), inputOf(each, true)]
  const schema = tensorsInputSchema(manifest)
  for (const { json } of inputs) expectSame(each, schema.safeParse(JSON.parse(json)).error, undefined)
  const { results } = await runMicroBatch(createModel(session, openTensors(manifest), manifest), inputs)
  await session.release()
  return results
}

function manifestOf({ inputs, outputs }: OneOperatorCase, maxSize: number): Manifest {
  return manifestSchema.parse({
    inputs,
    outputs,
    pipeline: { name: 'tensors' },
    files: [{ path: 'model.onnx', sha256: '0'.repeat(64) }],
    serving: { batching: { maxSize } },
  })
}

function inputOf({ inputs, feeds }: OneOperatorCase, isBase64: boolean): RunInput {
  const encoded = inputs.map(({ name, type }) => {
    const { shape, data } = feeds[name] ?? { shape: [], data: [] }
    return [
      name,
      isBase64 ? { shape, base64: elementsToBytes(type, data).toString('base64') } : { shape, data },
    ]
  })
  return { form: 'tensors', json: JSON.stringify(Object.fromEntries(encoded)) }
}

function outputOf(result: ItemResult | undefined): unknown {
  return result?.ok ? JSON.parse(result.output) : result
}

function expectedData(outputs: Outputs): unknown {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, dims, data }]) => {
      const elements = type === 'float16' ? bytesToElements(type, bytesOf(data)) : Array.from<unknown>(data)
      const asJson = elements.map((element) => jsonOf(type, element))
      return [name, expect.objectContaining({ shape: [...dims], data: asJson })]
    }),
  )
}

function expectedBase64(outputs: Outputs): unknown {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dims, data }]) => {
      const base64 = bytesOf(data).toString('base64')
      return [name, expect.objectContaining({ shape: [...dims], base64 })]
    }),
  )
}

function bytesOf(data: OrtTensor['data']): Buffer {
  if (Array.isArray(data)) return elementsToBytes('string', data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** An element of a direct answer as JSON is to hold it. */
function jsonOf(type: string, value: unknown): unknown {
  if (type === 'bool') return value === 1
  if (typeof value === 'bigint')
    return value > 2n ** 53n - 1n || value < -(2n ** 53n - 1n) ? String(value) : Number(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? 0 : value
}

/** Written without the code that is tested, but for float16, which has a test of its own. */
function ortTensor(type: ElementType, tensor: CaseTensor | undefined): OrtTensor {
  const { shape, data } = tensor ?? { shape: [], data: [] }
  const elements = ortData(type, data)
  const given = new OrtTensor(type, elements, shape)
  // Newer releases of Node have a Float16Array, which onnxruntime-node makes here and cannot read.
  if (type === 'float16') Object.defineProperty(given, 'cpuData', { value: elements })
  return given
}

function ortData(type: ElementType, data: JsonElement[]): OrtTensor['data'] {
  switch (type) {
    case 'string':
      return data.map(String)
    case 'bool':
      return Uint8Array.from(data, Number)
    case 'float16': {
      const bytes = elementsToBytes('float16', data)
      return Uint16Array.from({ length: data.length }, (_, index) => bytes.readUInt16LE(index * 2))
    }
    case 'int64':
      return BigInt64Array.from(data, BigInt)
    case 'uint64':
      return BigUint64Array.from(data, BigInt)
    default:
      return new arrays[type](data.map(Number))
  }
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
}

test('each element type answers as a direct run does, in ranks 0 to 6, fixed, empty and of unknown rank', async () => {
  const cases = matrixCases()
  expect(await compareAll(cases, 16)).toBeGreaterThan(0.8 * cases.length)
})

test('each element type is cast to each other as a direct run does it', async () => {
  const cases = castCases()
  expect(await compareAll(cases, 16)).toBeGreaterThan(0.8 * cases.length)
})

test('several and optional outputs, subgraphs and shapes that depend on the data are answered as by a direct run', async () => {
  const cases = specialCases()
  // Some of these mix the rows of a run, such as MaxPool in its indices: nobody would declare them joinable.
  expect(await compareAll(cases, 1)).toBe(cases.length)
})
