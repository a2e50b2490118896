import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ElementType } from '@augur/core/models/manifest'
import type { LocalVersion } from '@augur/core/models/version'
import { type SleepingInput, sleepingModel, sumModel, writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RunInput } from './protocol.js'
import { type Runner, type RunnerOptions, startRunner } from './runner.js'

const timeoutMs = 50_000
let dir: string
let sum: LocalVersion
let sleeping: LocalVersion
/** For tests that no runner dies of. */
let shared: Runner
const started: Runner[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-runner-'))
  sum = await sumModel(dir)
  sleeping = await sleepingModel(dir)
  shared = startRunner()
  await Promise.all([shared.load(sum), shared.load(sleeping)])
})
afterEach(() => Promise.all(started.splice(0).map((runner) => runner.stop())))
afterAll(async () => {
  await shared.stop()
  await rm(dir, { recursive: true })
})

function start(options?: RunnerOptions): Runner {
  const runner = startRunner(options)
  started.push(runner)
  return runner
}

async function load(version: LocalVersion, options?: RunnerOptions): Promise<Runner> {
  const runner = start(options)
  await runner.load(version)
  return runner
}

/** JSON texts as inputs of the version's own pipeline. */
const inputsOf = (...texts: string[]): RunInput[] => texts.map((json) => ({ form: 'pipeline', json }))
const sleepingInput = (input: SleepingInput): string => JSON.stringify(input)
const three = sleepingInput({ value: [1, 2, 3] })
const threeBack = { ok: true, output: '{"value":[1,2,3]}' }

describe('inputs that are sent ahead', () => {
  const staged = inputsOf(sleepingInput({ value: [4, 5, 6] }))
  const stagedBack = { ok: true, output: '{"value":[4,5,6]}' }
  const run = (inputs: RunInput[]) => shared.run(sleeping.id, inputs, { timeoutMs })

  test('are those of the run that is given the same, however often others run meanwhile', async () => {
    const first = run(inputsOf(sleepingInput({ value: [1, 2, 3], sleepMs: 50 })))
    shared.stage(staged)
    expect(await first).toMatchObject({ results: [threeBack] })
    expect(await run(staged)).toMatchObject({ results: [stagedBack] })
    expect(await run(staged)).toMatchObject({ results: [stagedBack] })
  })

  test('are not those of another run, nor kept after it', async () => {
    shared.stage(staged)
    expect(await run(inputsOf(three))).toMatchObject({ results: [threeBack] })
    expect(await run(staged)).toMatchObject({ results: [stagedBack] })
    shared.stage(inputsOf(three))
    shared.stage(staged)
    expect(await run(staged)).toMatchObject({ results: [stagedBack] })
  })
})

describe('a micro-batch', () => {
  test('gives each input its own output, in order', async () => {
    const outcome = await shared.run(sum.id, inputsOf('{"x":[1,2,3]}', '{"x":[0.5,0,-1]}'), { timeoutMs })
    expect(outcome).toMatchObject({
      kind: 'ran',
      results: [
        { ok: true, output: '{"y":[2,4,6]}' },
        { ok: true, output: '{"y":[1,0,-2]}' },
      ],
      timings: {
        startedAt: expect.any(Number),
        preprocessMs: expect.any(Number),
        runMs: expect.any(Number),
        postprocessMs: expect.any(Number),
      },
    })
  })

  test('fails only for the inputs that do not fit, and tells the caller nothing of the inside', async () => {
    const failing = sleepingInput({ value: [1, 2, 3], fail: true })
    const outcome = await shared.run(sleeping.id, inputsOf(three, failing, 'no JSON', three), { timeoutMs })
    expect(outcome).toMatchObject({
      results: [
        threeBack,
        { ok: false, code: 'model_error', message: 'the model failed on this input (preprocess)' },
        { ok: false, code: 'invalid_input', message: 'input is not JSON' },
        threeBack,
      ],
    })
  })

  test('whose joined run fails is repeated one by one, so that only the input at fault fails', async () => {
    const version = await gatherModel()
    await shared.load(version)
    const outcome = await shared.run(version.id, inputsOf('{"index":0}', '{"index":9}', '{"index":2}'), {
      timeoutMs,
    })
    expect(outcome).toMatchObject({
      results: [
        { ok: true, output: '{"value":10}' },
        { ok: false, code: 'model_error' },
        { ok: true, output: '{"value":30}' },
      ],
    })
  })

  test('joins only the inputs whose open dimensions agree', async () => {
    const version = await identityModel('float32', ['N', 'S'])
    await shared.load(version)
    const inputs = ['{"x":[1]}', '{"x":[2,3]}', '{"x":[4]}', '{"x":[]}']
    const outcome = await shared.run(version.id, inputsOf(...inputs), { timeoutMs })
    expect(outcome).toMatchObject({ results: inputs.map((input) => ({ output: input.replace('x', 'y') })) })
  })

  test('runs one by one for a model without a batch axis', async () => {
    const version = await identityModel('float32', [2])
    await shared.load(version)
    const outcome = await shared.run(version.id, inputsOf('{"x":[1,2]}', '{"x":[3,4]}'), { timeoutMs })
    expect(outcome).toMatchObject({ results: [{ output: '{"y":[1,2]}' }, { output: '{"y":[3,4]}' }] })
  })
})

const elements: [ElementType, string][] = [
  ['float32', '[0.5,"NaN","-Infinity"]'],
  ['float64', '[0.1,"NaN","Infinity"]'],
  ['float16', '[0.5,"NaN","Infinity"]'],
  ['int8', '[-128,0,127]'],
  ['int16', '[-32768,0,32767]'],
  ['int32', '[-2147483648,0,2147483647]'],
  ['int64', '["-9223372036854775808",-1,9007199254740991]'],
  ['uint8', '[0,1,255]'],
  ['uint16', '[0,1,65535]'],
  ['uint32', '[0,1,4294967295]'],
  ['uint64', '[0,1,"18446744073709551615"]'],
  ['bool', '[true,false,true]'],
  ['string', '["","é","null"]'],
]

test.each(elements)('elements of type %s come through ONNX Runtime unchanged', async (type, row) => {
  const version = await identityModel(type, ['N', 3])
  await shared.load(version)
  const outcome = await shared.run(version.id, inputsOf(`{"x":${row}}`, `{"x":${row}}`), { timeoutMs })
  expect(outcome).toMatchObject({ results: [{ output: `{"y":${row}}` }, { output: `{"y":${row}}` }] })
  await shared.release(version.id)
})

describe('a runner that dies', () => {
  test('over an input says which signal it was', async () => {
    const runner = await load(sleeping)
    const crashing = sleepingInput({ value: [1, 2, 3], crash: true })
    const outcome = await runner.run(sleeping.id, inputsOf(three, crashing), { timeoutMs })
    expect(outcome).toEqual({ kind: 'crashed', signal: 'SIGKILL', code: null })
    expect(await runner.exited).toMatchObject({ signal: 'SIGKILL' })
    expect(runner.isAlive).toBe(false)
  })

  test('in native code, over a division that the processor refuses, does not take the parent along', async () => {
    const version = await divisionModel()
    const runner = await load(version)
    const outcome = await runner.run(version.id, inputsOf('{"x":-2147483648,"by":-1}'), { timeoutMs })
    expect(outcome).toMatchObject({ kind: 'crashed', signal: 'SIGFPE' })
  })

  test('in the middle of a micro-batch is charged to that one, not to the one behind it', async () => {
    const runner = await load(sleeping)
    const long = runner.run(sleeping.id, inputsOf(sleepingInput({ value: [1, 2, 3], sleepMs: 60_000 })), {
      timeoutMs,
    })
    const behind = runner.run(sleeping.id, inputsOf(three), { timeoutMs })
    runner.kill()
    expect(await long).toMatchObject({ kind: 'crashed' })
    expect(await behind).toEqual({ kind: 'not_started' })
    expect(await runner.run(sleeping.id, inputsOf(three), { timeoutMs })).toEqual({ kind: 'not_started' })
  })

  test('because its time is up, ends with a time-out, although it blocks', async () => {
    const runner = await load(sleeping)
    const long = sleepingInput({ value: [1, 2, 3], sleepMs: 60_000 })
    expect(await runner.run(sleeping.id, inputsOf(long), { timeoutMs: 100 })).toEqual({ kind: 'timeout' })
    expect(await runner.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  test('because its heap is full, ends with resource_limit', async () => {
    const version = await moduleModel(
      'hungry',
      `{ const kept = []; for (;;) kept.push(new Array(1e6).fill({})) }`,
    )
    const runner = await load(version, { maxOldSpaceMb: 64 })
    expect(await runner.run(version.id, inputsOf('{}'), { timeoutMs })).toEqual({ kind: 'resource_limit' })
  })
})

test('memory that cannot be had is a resource_limit, and the runner lives on', async () => {
  const version = await moduleModel('greedy', `{ new ArrayBuffer(2 ** 52) }`)
  await shared.load(version)
  expect(await shared.run(version.id, inputsOf('{}'), { timeoutMs })).toEqual({ kind: 'resource_limit' })
  expect(shared.isAlive).toBe(true)
})

test('the time of a micro-batch starts when the one before it has ended', async () => {
  const sleep = sleepingInput({ value: [1, 2, 3], sleepMs: 600 })
  const outcomes = await Promise.all(
    [1, 2, 3].map(() => shared.run(sleeping.id, inputsOf(sleep), { timeoutMs: 1_700 })),
  )
  expect(outcomes.map(({ kind }) => kind)).toEqual(['ran', 'ran', 'ran'])
})

describe('loading', () => {
  const refused = (code: string, message: string) =>
    expect.objectContaining({ name: 'LoadError', code, message: expect.stringContaining(message) })

  test('refuses a file that is no model', async () => {
    const version = await sumModel(dir, { name: 'broken' })
    await writeFile(join(version.folder, 'model.onnx'), 'no model')
    await expect(shared.load(version)).rejects.toEqual(refused('invalid_model', 'Protobuf'))
  })

  test.each([
    [
      'another type',
      { type: 'int32' as const, shape: ['N', 3] },
      'is float32 in the model, int32 in the manifest',
    ],
    ['another rank', { type: 'float32' as const, shape: ['N'] }, 'has shape ["N",3] in the model'],
    ['another size', { type: 'float32' as const, shape: ['N', 4] }, 'has shape ["N",3] in the model'],
    ['more freedom', { type: 'float32' as const, shape: ['N', 'S'] }, 'has shape ["N",3] in the model'],
  ])('refuses a manifest that declares %s', async (_what, spec, message) => {
    const manifest = { ...sum.manifest, inputs: [{ name: 'x', ...spec }] }
    await expect(shared.load({ ...sum, manifest })).rejects.toEqual(refused('invalid_model', message))
  })

  test('refuses a manifest that names other tensors', async () => {
    const [input] = sum.manifest.inputs
    const inputs = input ? [{ ...input, name: 'z' }] : []
    const inputsWrong = { ...sum, manifest: { ...sum.manifest, inputs } }
    await expect(shared.load(inputsWrong)).rejects.toEqual(
      refused('invalid_model', 'input x is not declared'),
    )
    const outputsWrong = { ...sum, manifest: { ...sum.manifest, outputs: inputs } }
    await expect(shared.load(outputsWrong)).rejects.toEqual(
      refused('invalid_model', 'output z is not in the model'),
    )
  })

  test('refuses a pipeline that does not open', async () => {
    const version = await sleepingModel(dir, { name: 'half' })
    await writeFile(join(version.folder, 'pipeline.mjs'), 'export function preprocess() {}')
    await expect(shared.load(version)).rejects.toEqual(
      refused('invalid_pipeline', 'does not export postprocess()'),
    )
  })

  test('refuses a version whose own example fails, without naming its folder', async () => {
    const manifest = { ...sleeping.manifest, example: { value: [1, 2, 3], fail: true } }
    await expect(shared.load({ ...sleeping, manifest })).rejects.toEqual(
      refused('warm_up_failed', 'told to fail'),
    )
    const missing = { ...sum, folder: join(dir, 'nowhere') }
    const error = await shared.load(missing).catch(String)
    expect(error).toContain('model.onnx')
    expect(error).not.toContain(dir)
  })

  test('refuses a module whose feeds are no batch of one', async () => {
    const version = await moduleModel(
      'doubled',
      `{ return { x: { type: 'float32', dims: [2, 1], data: new Float32Array(2) } } }`,
    )
    const manifest = { ...version.manifest, example: {} }
    await expect(shared.load({ ...version, manifest })).rejects.toEqual(
      refused('warm_up_failed', 'batch size 1'),
    )
  })

  test('that kills or blocks the runner is an error of its own kind', async () => {
    const crashing = { ...sleeping.manifest, example: { value: [1, 2, 3], crash: true } }
    await expect(start().load({ ...sleeping, manifest: crashing })).rejects.toEqual(
      refused('crashed', 'SIGKILL'),
    )
    const blocking = { ...sleeping.manifest, example: { value: [1, 2, 3], sleepMs: 60_000 } }
    const runner = start({ loadTimeoutMs: 1_000 })
    await expect(runner.load({ ...sleeping, manifest: blocking })).rejects.toEqual(
      refused('timeout', 'too long'),
    )
  })
})

describe('a runner in its surroundings', () => {
  test('inherits no environment and survives a Ctrl-C that its parent did not decide on', async () => {
    const version = await moduleModel(
      'environment',
      `{
      process.kill(process.pid, 'SIGINT')
      return { x: { type: 'float32', dims: [1, 1], data: Float32Array.of(Object.keys(process.env).length) } }
    }`,
    )
    const runner = await load(version)
    const outcome = await runner.run(version.id, inputsOf('{}'), { timeoutMs })
    expect(outcome).toMatchObject({ results: [{ output: '[0]' }] })
  })

  test('is stopped by its parent in the middle of a run', async () => {
    const runner = await load(sleeping)
    const run = runner.run(sleeping.id, inputsOf(sleepingInput({ value: [1, 2, 3], sleepMs: 60_000 })), {
      timeoutMs,
    })
    await runner.stop()
    expect(await run).toMatchObject({ kind: 'crashed', signal: 'SIGKILL' })
  })

  test('that is idle ends by itself when it is stopped', async () => {
    const runner = await load(sum)
    await runner.stop()
    expect(await runner.exited).toEqual({ code: 0, signal: null, outOfMemory: false })
  })

  test('keeps ONNX Runtime and libvips out of the parent', async () => {
    const runner = await load(sum)
    expect(await readFile(`/proc/${runner.pid}/maps`, 'utf8')).toContain('libonnxruntime')
    const maps = await readFile('/proc/self/maps', 'utf8')
    expect(maps).not.toContain('onnxruntime')
    expect(maps).not.toContain('libvips')
  })
})

let models = 0

/** y = x. */
function identityModel(type: ElementType, shape: (number | string)[]): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type, shape }]
  const outputs = [{ name: 'y', type, shape }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const manifest = { inputs, outputs, pipeline: { name: 'tensors' as const } }
  return writeModel(dir, 'identity', String(++models), { manifest, onnx })
}

/** Looks an index up in [10, 20, 30]; ONNX Runtime throws for any other. */
function gatherModel(): Promise<LocalVersion> {
  const inputs = [{ name: 'index', type: 'int64' as const, shape: ['N'] }]
  const outputs = [{ name: 'value', type: 'float32' as const, shape: ['N'] }]
  const table = { name: 'table', type: 'float32' as const, dims: [3], data: new Float32Array([10, 20, 30]) }
  const node = { op: 'Gather', inputs: ['table', 'index'], outputs: ['value'], attributes: { axis: 0 } }
  const onnx = encodeOnnx({ nodes: [node], inputs, outputs, initializers: [table] })
  return writeModel(dir, 'gather', '1', {
    manifest: { inputs, outputs, pipeline: { name: 'tensors' } },
    onnx,
  })
}

function divisionModel(): Promise<LocalVersion> {
  const inputs = ['x', 'by'].map((name) => ({ name, type: 'int32' as const, shape: ['N'] }))
  const outputs = [{ name: 'y', type: 'int32' as const, shape: ['N'] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Div', inputs: ['x', 'by'], outputs: ['y'] }], inputs, outputs })
  return writeModel(dir, 'division', '1', {
    manifest: { inputs, outputs, pipeline: { name: 'tensors' } },
    onnx,
  })
}

/** Identity on one number, with a `preprocess` of its own. */
function moduleModel(name: string, preprocess: string): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 1] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const module = `export function preprocess() ${preprocess}
    export const postprocess = (outputs) => Array.from(outputs.y.data)`
  const manifest = { inputs, outputs, pipeline: { name: 'module' as const, path: 'own.mjs' } }
  return writeModel(dir, name, '1', { manifest, onnx, files: { 'own.mjs': module } })
}
