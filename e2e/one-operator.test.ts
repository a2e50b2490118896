import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { groupBy } from '@augur/core/group-by'
import { datatypeOf } from '@augur/core/tensors/datatype'
import { elementsToBytes } from '@augur/core/tensors/element-bytes'
import {
  castCases,
  joinCases,
  matrixCases,
  type OneOperatorCase,
  specialCases,
} from '@augur/test-support/one-operator-models'
import { type DirectOutput, runDirectly } from '@augur/test-support/run-directly'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { infer, inferBinary } from './support/open-inference.js'

/** A model that is nothing but a file, and what ONNX Runtime alone answers. */
interface Served {
  model: string
  each: OneOperatorCase
  direct: Record<string, DirectOutput>
}

let dir: string
let stack: TestStack
let served: Served[]
/** How many cases these models are made of. */
let joined = 0
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  const matrix = await runnable([...matrixCases(), ...castCases()])
  joined = matrix.length
  // By operator and type: a process of its own tries each model, which takes longer than all of its cases.
  const groups = groupBy(matrix, ({ name }) => name.split(' ', 2).join(' '))
  const cases = [...groups].map(([name, group]) => joinCases(name, group))
  served = await Promise.all([...cases, ...(await runnable(specialCases()))].map(serve))
  stack = await startTestStack({ modelsDir: dir })
}, 600_000)
afterAll(async () => {
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Those that ONNX Runtime itself can load and run. */
async function runnable(cases: readonly OneOperatorCase[]): Promise<OneOperatorCase[]> {
  const ran: OneOperatorCase[] = []
  for (const each of cases) if (typeof (await runDirectly(each)) === 'object') ran.push(each)
  return ran
}

async function serve(each: OneOperatorCase): Promise<Served> {
  const direct = await runDirectly(each)
  if (typeof direct !== 'object') throw new Error(`${each.name} runs in parts and not as a whole`)
  const model = each.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  await mkdir(join(dir, model, '1'), { recursive: true })
  await writeFile(join(dir, model, '1', 'model.onnx'), each.onnx)
  return { model, each, direct }
}

type GivenTensor = ReturnType<typeof tensorsOf>[number]
const asJson = ({ name, datatype, shape, data }: GivenTensor) => ({ name, datatype, shape, data })
const asBytes = ({ name, datatype, shape, bytes }: GivenTensor) => ({ name, datatype, shape, bytes })

function tensorsOf({ inputs, feeds }: OneOperatorCase) {
  return inputs.map(({ name, type }) => {
    const { shape, data } = feeds[name] ?? { shape: [], data: [] }
    return { name, datatype: datatypeOf(type), shape, data, bytes: elementsToBytes(type, data) }
  })
}

async function expectDirectAnswer({ model, each, direct }: Served): Promise<void> {
  const tensors = tensorsOf(each)
  const { outputs } = await infer(stack, model, tensors.map(asJson))
  const binary = await inferBinary(stack, model, tensors.map(asBytes))
  const expected = Object.entries(direct).map(([name, { shape, data, bytes }]) => ({
    json: expect.objectContaining({ name, shape, data }),
    binary: expect.objectContaining({ name, shape, bytes }),
  }))
  expect([each.name, outputs]).toEqual([each.name, expected.map(({ json }) => json)])
  expect([each.name, binary]).toEqual([each.name, expected.map((output) => output.binary)])
}

test('files of each operator, type and rank are served as they are, with the answers of a direct run', async () => {
  expect(joined).toBeGreaterThan(1000)
  expect(served.length).toBeGreaterThan(100)
  for (const each of served) await expectDirectAnswer(each)
})
