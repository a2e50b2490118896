import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx, type OnnxGraph } from '@augur/test-support/onnx'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepConnections, type KeptConnections } from './support/kept-connections.js'

const predictions = 10_000
const clients = 64

let dir: string
let stack: TestStack
let connections: KeptConnections
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-cross-talk-'))
  await Promise.all([doublingModel(), raggedModel(), lookUpModel()])
  stack = await startTestStack({ modelsDir: dir })
  connections = keepConnections(stack)
})
afterAll(async () => {
  connections?.close()
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** An input like no other's, and the only answer that is its own. Null where the input itself is at fault. */
interface Question {
  model: string
  input: object
  output: object | null
}

interface Answer {
  status: string
  output: unknown
  error_code?: string
  provenance?: { micro_batch_size?: number }
}

test('10,000 interleaved predictions of three models in micro-batches of any size: each answer is the caller’s own', async () => {
  const questions = interleaved(Array.from({ length: predictions }, (_, id) => ask(id)))
  const wrong: { question: Question; answer: Answer }[] = []
  const sizes = new Set<number>()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let question = questions.pop(); question; question = questions.pop()) {
        const answer = await predict(question)
        if (!isOwn(question, answer)) wrong.push({ question, answer })
        sizes.add(answer.provenance?.micro_batch_size ?? 0)
      }
    }),
  )
  expect(wrong).toEqual([])
  // Else nothing was joined, and nothing shown.
  expect([...sizes].filter((size) => size > 1).length).toBeGreaterThan(3)
})

function ask(id: number): Question {
  const model = ['doubling', 'ragged', 'look-up'][id % 3] ?? ''
  if (model === 'doubling')
    return { model, input: { x: [id, -id, 0.5] }, output: { y: [2 * id, -2 * id, 1] } }
  if (model === 'ragged') return askRagged(model, id)
  // One in twenty asks for what is not in the table: that run fails, and takes no neighbour along.
  const index = id % 20 === 2 ? id + 100_000 : id
  return { model, input: { index }, output: index === id ? { value: id + 0.25 } : null }
}

/** One or more rows of any length, as data or as bytes. */
function askRagged(model: string, id: number): Question {
  const shape = [1 + (id % 4), id % 7]
  const x = BigInt64Array.from({ length: (shape[0] ?? 0) * (shape[1] ?? 0) }, (_, index) =>
    BigInt(id * 100 + index),
  )
  const y = x.map((number) => -number)
  if (id % 2 === 0) {
    const data = { x: { shape, data: Array.from(x, Number) } }
    return {
      model,
      input: data,
      output: { y: { datatype: 'INT64', shape, data: Array.from(y, (number) => Number(number)) } },
    }
  }
  const base64 = (numbers: BigInt64Array) => Buffer.from(numbers.buffer).toString('base64')
  return {
    model,
    input: { x: { shape, base64: base64(x) } },
    output: { y: { datatype: 'INT64', shape, base64: base64(y) } },
  }
}

/** In an order that is random, and the same each time. */
function interleaved(questions: Question[]): Question[] {
  const [order = questions] = fc.sample(fc.shuffledSubarray(questions, { minLength: questions.length }), {
    numRuns: 1,
    seed: 42,
  })
  return order
}

async function predict({ model, input }: Question): Promise<Answer> {
  const { body } = await connections.send('POST', `/models/augur/${model}/predictions`, {
    headers: { prefer: 'wait=60' },
    body: { input },
  })
  return JSON.parse(body)
}

function isOwn({ output }: Question, answer: Answer): boolean {
  if (output === null) return answer.status === 'failed' && answer.error_code === 'model_error'
  return answer.status === 'succeeded' && JSON.stringify(answer.output) === JSON.stringify(output)
}

async function write(name: string, graph: OnnxGraph, batching: object): Promise<void> {
  await writeModel(dir, name, '1', {
    onnx: encodeOnnx(graph),
    manifest: {
      inputs: graph.inputs,
      outputs: graph.outputs,
      pipeline: { name: 'tensors' },
      serving: { batching },
    },
  })
}

/** y = x + x. */
function doublingModel(): Promise<void> {
  const [x, y] = ['x', 'y'].map((name) => ({ name, type: 'float32' as const, shape: ['N', 3] }))
  const nodes = [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }]
  return write(
    'doubling',
    { nodes, inputs: x ? [x] : [], outputs: y ? [y] : [] },
    { maxSize: 8, maxDelayMs: 5 },
  )
}

/** y = -x, on rows of any length. */
function raggedModel(): Promise<void> {
  const inputs = [{ name: 'x', type: 'int64' as const, shape: ['N', 'S'] }]
  const outputs = [{ name: 'y', type: 'int64' as const, shape: ['N', 'S'] }]
  const nodes = [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }]
  return write('ragged', { nodes, inputs, outputs }, { maxSize: 23, maxDelayMs: 5, padding: { x: 7 } })
}

/** value = table[index]; ONNX Runtime refuses an index that is not in it. */
function lookUpModel(): Promise<void> {
  const table = {
    name: 'table',
    type: 'float64' as const,
    dims: [predictions],
    data: Float64Array.from({ length: predictions }, (_, index) => index + 0.25),
  }
  const inputs = [{ name: 'index', type: 'int64' as const, shape: ['N'] }]
  const outputs = [{ name: 'value', type: 'float64' as const, shape: ['N'] }]
  const nodes = [{ op: 'Gather', inputs: ['table', 'index'], outputs: ['value'], attributes: { axis: 0 } }]
  return write('look-up', { nodes, inputs, outputs, initializers: [table] }, { maxSize: 5, maxDelayMs: 5 })
}
