import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { scalingModel } from '@augur/test-support/scaling'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from './test/test-worker.js'

let worker: TestWorker
beforeAll(async () => {
  worker = await createTestWorker()
})
afterAll(() => worker?.close())

/** The factor that the version which answers multiplies by. */
async function factorOf(reference: string): Promise<number> {
  const { status, output } = await worker.ended(await worker.submit(reference, [1, 2, 3]))
  expect(status).toBe('succeeded')
  const { y } = JSON.parse(output?.kind === 'inline' ? output.json : '{}')
  return y[0]
}

const folderOf = (name: string) => join(worker.modelsDir, name, '1')
/** No two models with the same factor: the same files are the same version, which only one of them can be. */
const write = (name: string, factor: number) => scalingModel(worker.modelsDir, { name, factor })

/** Writes it and waits until it is served. */
async function serve(name: string, factor: number): Promise<string> {
  const { id } = await write(name, factor)
  await worker.untilState(id, 'ready')
  return id
}

/** A model with an operator that ONNX Runtime does not have. */
function writeRefused(name: string, op: string) {
  const tensor = (of: string) => ({ name: of, type: 'float32' as const, shape: ['N', 3] })
  const [inputs, outputs] = [[tensor('x')], [tensor('y')]]
  const onnx = encodeOnnx({ nodes: [{ op, inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const manifest = { inputs, outputs, pipeline: { name: 'tensors' as const } }
  return writeModel(worker.modelsDir, name, '1', { onnx, manifest })
}

/** How often a load of it failed. */
async function failuresOf(name: string): Promise<number> {
  const { values } = await worker.context.metrics.loadFailures.get()
  const own = values.filter(({ labels }) => labels.model === `augur/${name}`)
  return own.reduce((sum, { value }) => sum + value, 0)
}

const problemsOf = async (name: string) => (await worker.catalogue()).problemsOf(`augur/${name}`)

test('a worker starts with an empty repository and says why it is not ready; what is copied in is served', async () => {
  await expect.poll(() => worker.notReady()).toBe('there is no model to serve')
  const id = await serve('first', 2)
  expect((await worker.catalogue()).statesOf(id)).toMatchObject([{ served: { provider: 'cpu' } }])
  expect(await factorOf('augur/first')).toBe(2)
  expect(worker.notReady()).toBeNull()
})

describe('a folder whose files change', () => {
  test('gets its label over to the new version, and the old one leaves', async () => {
    const old = await serve('changing', 12)
    const fresh = await serve('changing', 13)
    expect(await factorOf('augur/changing:1')).toBe(13)
    const catalogue = await worker.until((now) => now.versionsOf('augur/changing').length === 1)
    expect(catalogue.stable('augur/changing')?.id).toBe(fresh)
    expect(() => catalogue.resolve(old)).toThrow('removed or unloaded')
  })

  test('takes its label back with the files that were there before', async () => {
    const old = await serve('reverting', 22)
    const other = await serve('reverting', 23)
    await write('reverting', 22)
    await worker.until((now) => now.stateOf(other) !== 'ready' && now.isServed(old))
    expect(await factorOf('augur/reverting:1')).toBe(22)
  })

  test('keeps its version when only its serving settings change, and is served by those', async () => {
    const id = await serve('tuned', 32)
    const serving = { batching: { maxSize: 3 } }
    await scalingModel(worker.modelsDir, { name: 'tuned', factor: 32, serving })
    await worker.until((now) => now.version(id)?.manifest.serving.batching.maxSize === 3)
    expect(await factorOf('augur/tuned')).toBe(32)
    const catalogue = await worker.until((now) => now.statesOf(id).length === 1)
    expect(catalogue.version(id)?.removedAt).toBeUndefined()
  })
})

describe('what cannot be loaded leaves the old version serving and is shown with its code', () => {
  test('files that are not those of the manifest, until they are mended', async () => {
    await serve('damaged', 42)
    await writeFile(join(folderOf('damaged'), 'model.onnx'), 'not what the manifest says')
    await expect.poll(() => problemsOf('damaged')).toMatchObject([{ code: 'checksum_mismatch' }])
    expect(await factorOf('augur/damaged:1')).toBe(42)
    await serve('damaged', 43)
    expect(await factorOf('augur/damaged:1')).toBe(43)
    await expect.poll(() => problemsOf('damaged')).toEqual([])
  })

  test('a manifest that is none, until it is mended', async () => {
    const id = await serve('unreadable', 52)
    const manifest = join(folderOf('unreadable'), 'manifest.json')
    const text = await readFile(manifest, 'utf8')
    await writeFile(manifest, '{')
    const broken = [{ code: 'invalid_manifest', id: null, state: 'load_failed' }]
    await expect.poll(() => problemsOf('unreadable')).toMatchObject(broken)
    expect(await factorOf('augur/unreadable')).toBe(52)
    await writeFile(manifest, text)
    await expect.poll(() => problemsOf('unreadable')).toEqual([])
    expect((await worker.catalogue()).stateOf(id)).toBe('ready')
  })

  test('a model that ONNX Runtime refuses', async () => {
    await serve('refused', 62)
    const { id } = await writeRefused('refused', 'NoSuchOperator')
    await expect
      .poll(() => problemsOf('refused'))
      .toMatchObject([{ id, code: 'invalid_model', state: 'load_failed' }])
    expect(await factorOf('augur/refused:1')).toBe(62)
    expect(worker.notReady()).toBeNull()
  })
})

describe('a folder that is removed', () => {
  test('has its version leave, and what it had run stays', async () => {
    await serve('removed', 72)
    const prediction = await worker.ended(await worker.submit('augur/removed', [1, 2, 3]))
    await rm(folderOf('removed'), { recursive: true })
    const catalogue = await worker.until((now) => !now.models().includes('augur/removed'))
    expect(() => catalogue.resolve('augur/removed')).toThrow('no such version')
    expect(await worker.core.predictions.read(prediction.id)).toEqual(prediction)
  })

  test('and put back while it drains is served all the time', async () => {
    const id = await serve('away', 82)
    const elsewhere = join(worker.modelsDir, '.elsewhere')
    await rename(folderOf('away'), elsewhere)
    await worker.untilState(id, 'draining')
    await rename(elsewhere, folderOf('away'))
    const catalogue = await worker.untilState(id, 'ready')
    expect(catalogue.version(id)?.removedAt).toBeUndefined()
    expect(await factorOf('augur/away')).toBe(82)
  })
})

test('a folder that grows file by file is served when it is complete', async () => {
  const { folder, id } = await scalingModel(worker.core.folder, { name: 'growing', factor: 5 })
  await mkdir(folderOf('growing'), { recursive: true })
  await cp(join(folder, 'manifest.json'), join(folderOf('growing'), 'manifest.json'))
  await expect.poll(() => problemsOf('growing')).toMatchObject([{ code: 'missing_file' }])
  await cp(join(folder, 'model.onnx'), join(folderOf('growing'), 'model.onnx'))
  await worker.untilState(id, 'ready')
  expect(await factorOf('augur/growing')).toBe(5)
})

test('a model that is unloaded stops, takes nothing more, and is back with load', async () => {
  const id = await serve('unloaded', 102)
  await worker.desired.unload('augur/unloaded')
  const catalogue = await worker.untilState(id, 'stopped')
  expect(() => catalogue.resolve('augur/unloaded')).toThrow('removed or unloaded')
  await worker.desired.load('augur/unloaded')
  await worker.untilState(id, 'ready')
  expect(await factorOf('augur/unloaded')).toBe(102)
})

test('a load that the runner refused is tried again when an operator asks for it', async () => {
  await writeRefused('retried', 'NoOtherOperator')
  await expect.poll(() => failuresOf('retried')).toBe(1)
  await worker.desired.load('augur/retried')
  await expect.poll(() => failuresOf('retried')).toBe(2)
})

test('a version that Redis lost is back in the catalogue with the next look at the repository', async () => {
  const id = await serve('lost', 112)
  await worker.core.redis.hdel(worker.core.keys.versions, id)
  await worker.until((now) => now.version(id) !== undefined)
  expect(await factorOf('augur/lost')).toBe(112)
})

test('every worker unloads and loads a model, whoever was asked', async () => {
  const one = await createTestWorker()
  const sharing = { AUGUR_REDIS_PREFIX: one.core.prefix, AUGUR_MODELS_DIR: one.modelsDir }
  const another = await createTestWorker(sharing)
  const { id } = await scalingModel(one.modelsDir, { factor: 2 })
  const both = (state: string) =>
    one.until(
      (now) => now.statesOf(id).length === 2 && now.statesOf(id).every((each) => each.state === state),
    )
  await both('ready')
  await one.desired.unload('augur/scaling')
  await both('stopped')
  await one.desired.load('augur/scaling')
  const catalogue = await both('ready')
  expect(catalogue.resolve('augur/scaling').id).toBe(id)
  await another.close()
  await one.close()
})

test('a model stays unloaded over a restart of the worker', async () => {
  const other = await createTestWorker()
  const { id } = await scalingModel(other.modelsDir, { factor: 2 })
  await other.untilState(id, 'ready')
  await other.desired.unload('augur/scaling')
  await other.restart()
  await other.untilState(id, 'stopped')
  expect(other.notReady()).toBe('augur/scaling:1 is stopped (unloaded)')
  await other.close()
})
