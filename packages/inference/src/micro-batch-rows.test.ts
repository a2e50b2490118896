import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestSchema } from '@augur/core/models/manifest'
import { encodeOnnx } from '@augur/test-support/onnx'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { MicroBatcher } from './micro-batcher.js'
import { OnnxSession } from './onnx-session.js'
import { openTensors } from './pipelines/tensors.js'
import type { ItemResult, RunInput } from './runner/protocol.js'
import { createModel, type Model, runMicroBatch } from './runner/run-micro-batch.js'

let folder: string
let model: Model

const maxSize = 6

/** y = x + x on rows of any length, which are padded with 77. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-rows-'))
  const inputs = [{ name: 'x', type: 'int32' as const, shape: ['N', 'S'] }]
  const outputs = [{ name: 'y', type: 'int32' as const, shape: ['N', 'S'] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }], inputs, outputs })
  await writeFile(join(folder, 'model.onnx'), onnx)
  const manifest = manifestSchema.parse({
    inputs,
    outputs,
    pipeline: { name: 'tensors' },
    files: [{ path: 'model.onnx', sha256: '0'.repeat(64) }],
    serving: { batching: { maxSize, padding: { x: 77 } } },
  })
  const session = await OnnxSession.open(folder, manifest, { providers: ['cpu'], threads: 1 })
  model = createModel(session, openTensors(manifest), manifest)
})
afterAll(async () => {
  await model.session.release()
  await rm(folder, { recursive: true })
})

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

interface Caller {
  id: number
  input: RunInput
  output: unknown
}

/** A caller whose numbers are like no other's, and what only it can be answered. */
function createCaller(
  id: number,
  rows: number,
  length: number,
  encoding: 'nested' | 'data' | 'base64',
): Caller {
  const numbers = Int32Array.from({ length: rows * length }, (_, index) => id * 1000 + index)
  const doubled = numbers.map((number) => 2 * number)
  const encode = (data: Int32Array) => {
    if (encoding === 'nested') return [...data]
    const tensor = { shape: [rows, length] }
    return encoding === 'data'
      ? { ...tensor, data: [...data] }
      : { ...tensor, base64: Buffer.from(data.buffer).toString('base64') }
  }
  const x = encode(numbers)
  const y = encoding === 'nested' ? encode(doubled) : { datatype: 'INT32', ...Object(encode(doubled)) }
  return {
    id,
    input: { form: encoding === 'nested' ? 'pipeline' : 'tensors', json: JSON.stringify({ x }) },
    output: { y },
  }
}

type Step =
  | { kind: 'come'; rows: number; length: number; encoding: 'nested' | 'data' | 'base64' }
  | { kind: 'leave' | 'run' }
  | { kind: 'wait'; ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('come' as const),
      rows: fc.nat(3),
      length: fc.nat(4),
      encoding: fc.constantFrom('data' as const, 'base64' as const, 'nested' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'leave' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'run' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(6) }) },
)

/** Lets callers come, leave and be run in that order, and gives the answers of those who stayed. */
async function play(
  steps: readonly Step[],
  isGoneLate: boolean,
): Promise<{ stayed: Caller[]; answers: Map<Caller, ItemResult[]> }> {
  const gone = new Set<Caller>()
  const taken = new Set<Caller>()
  const all: Caller[] = []
  const answers = new Map<Caller, ItemResult[]>()
  const batcher = new MicroBatcher<Caller>({
    maxSize,
    maxDelayMs: 5,
    onReady: () => undefined,
    isGone: (caller) => gone.has(caller),
  })
  const run = async () => {
    const batch = batcher.take()
    for (const caller of batch) taken.add(caller)
    const { results } = await runMicroBatch(
      model,
      batch.map(({ input }) => input),
    )
    for (const [index, caller] of batch.entries())
      answers.set(caller, [...(answers.get(caller) ?? []), ...results.slice(index, index + 1)])
  }
  const running: Promise<void>[] = []
  for (const next of steps) {
    if (next.kind === 'come') {
      const rows = next.encoding === 'nested' ? 1 : next.rows
      const caller = createCaller(all.length, rows, next.length, next.encoding)
      all.push(caller)
      batcher.add(caller)
    } else if (next.kind === 'run') running.push(run())
    else if (next.kind === 'wait') vi.advanceTimersByTime(next.ms)
    else {
      const leaver = all.find((caller) => !taken.has(caller) && !gone.has(caller))
      if (leaver) gone.add(leaver)
      if (leaver && !isGoneLate) batcher.remove(leaver)
    }
  }
  vi.advanceTimersByTime(5)
  while (batcher.size > 0) await run()
  await Promise.all(running)
  return { stayed: all.filter((caller) => !gone.has(caller)), answers }
}

test('in whatever order callers come, leave and are run, each one that stays gets its own rows, once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, isGoneLate) => {
      const { stayed, answers } = await play(steps, isGoneLate)
      expect([...answers.keys()].map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
        stayed.map(({ id }) => id),
      )
      for (const caller of stayed) {
        const [answer, ...more] = answers.get(caller) ?? []
        expect([answer?.ok && JSON.parse(answer.output), more]).toEqual([caller.output, []])
      }
    }),
    { numRuns: 150 },
  )
})
