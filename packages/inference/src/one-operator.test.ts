import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Manifest, manifestSchema } from '@augur/core/models/manifest'
import { elementsToBytes } from '@augur/core/tensors/element-bytes'
import { tensorsInputSchema } from '@augur/core/tensors/tensor-inputs'
import {
  castCases,
  matrixCases,
  type OneOperatorCase,
  specialCases,
} from '@augur/test-support/one-operator-models'
import { type DirectOutput, runDirectly } from '@augur/test-support/run-directly'
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

const expectedData = (outputs: Record<string, DirectOutput>) =>
  mapOutputs(outputs, ({ shape, data }) => ({ shape, data }))

const expectedBase64 = (outputs: Record<string, DirectOutput>) =>
  mapOutputs(outputs, ({ shape, bytes }) => ({ shape, base64: bytes.toString('base64') }))

const mapOutputs = (outputs: Record<string, DirectOutput>, show: (output: DirectOutput) => object) =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, expect.objectContaining(show(output))]),
  )

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
