import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { type MisbehavingInput, misbehavingModel } from '@augur/test-support/faulty-models'
import { sumModel, writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { descendantsOf } from '@augur/test-support/test-stack'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunOutcome } from './runner/runner.js'
import { readMemoryBytes } from './runner/watch-memory.js'
import { RunnerHost, type RunnerHostOptions } from './runner-host.js'
import { RunnerPool } from './runner-pool.js'

let dir: string
const opened: RunnerPool[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-host-'))
})
afterEach(() => Promise.all(opened.splice(0).map((pool) => pool.stop())))
afterAll(() => rm(dir, { recursive: true }))

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 100_000 })

function open(host: RunnerHost, version: LocalVersion): RunnerPool {
  const pool = new RunnerPool({ version, host })
  opened.push(pool)
  pool.start()
  return pool
}

/** So many pools of misbehaving models, all loaded. */
async function openMany(options: RunnerHostOptions, names: string[]): Promise<RunnerPool[]> {
  const host = new RunnerHost(options)
  const versions = await Promise.all(
    names.map((name) => misbehavingModel(dir, { name, label: uniqueLabel() })),
  )
  const pools = versions.map((version) => open(host, version))
  await until(() => pools.every(({ state }) => state.status === 'ready'))
  return pools
}

let labels = 0
const uniqueLabel = () => String(++labels)

async function run(pool: RunnerPool | undefined, input: unknown = {}): Promise<RunOutcome> {
  if (!pool) throw new Error('no such pool')
  const lease = await vi.waitUntil(() => pool.acquire(), { timeout: 100_000 })
  try {
    return await lease.run([{ form: 'pipeline', json: JSON.stringify(input) }])
  } finally {
    lease.release()
  }
}

/** The process that a misbehaving model ran in. */
async function pidOf(pool: RunnerPool | undefined): Promise<number> {
  const outcome = await run(pool)
  const [result] = outcome.kind === 'ran' ? outcome.results : []
  if (!result?.ok) throw new Error('the run failed')
  const { pid }: { pid: number } = JSON.parse(result.output)
  return pid
}

describe('versions beyond the limit', () => {
  test('share runners, as many in each, while those before them keep their own', async () => {
    const pools = await openMany({ maxRunners: 2, maxSharing: 2 }, ['a', 'b', 'c', 'd', 'e', 'f'])
    const [a, b, ...shared] = await Promise.all(pools.map(pidOf))
    const inShared = shared.map((pid) => shared.filter((other) => other === pid).length)
    expect(inShared).toEqual([2, 2, 2, 2])
    expect(new Set([a, b, ...shared]).size).toBe(4)
  })

  test('run one after the other, and none pays for the time or the death of another', async () => {
    const [, victim, culprit] = await openMany({ maxRunners: 1 }, ['own', 'victim', 'culprit'])
    const deed: MisbehavingInput = { do: 'sleep', ms: 500 }
    const kill: MisbehavingInput = { do: 'kill' }
    expect(await Promise.all([run(culprit, deed), run(victim)])).toMatchObject([
      { kind: 'ran' },
      { kind: 'ran' },
    ])
    const outcomes = await Promise.all([run(culprit, kill), run(victim)])
    expect(outcomes).toMatchObject([{ kind: 'crashed' }, { kind: 'ran' }])
  })

  test('share no more with one that ended their runner', async () => {
    const [, a, b, culprit] = await openMany({ maxRunners: 1 }, ['own', 'a', 'b', 'culprit'])
    expect(new Set([await pidOf(a), await pidOf(b), await pidOf(culprit)]).size).toBe(1)
    expect(await run(culprit, { do: 'kill' })).toMatchObject({ kind: 'crashed' })
    const pids = [await pidOf(a), await pidOf(b), await pidOf(culprit)]
    expect(pids[1]).toBe(pids[0])
    expect(pids[2]).not.toBe(pids[0])
  })

  test('get a runner of their own when another version leaves it, one for each that is left', async () => {
    const [a, b, c] = await openMany({ maxRunners: 1 }, ['a', 'b', 'c'])
    const shared = await pidOf(b)
    await Promise.all([a?.stop(), a?.drain(), a?.stop()])
    await vi.waitUntil(async () => (await pidOf(b)) !== shared, { timeout: 100_000 })
    expect(await pidOf(c)).toBe(shared)
  })

  test('load in a throw-away runner first: one that kills it is load_failed and its neighbours never notice', async () => {
    const host = new RunnerHost({ maxRunners: 1 })
    const good = await misbehavingModel(dir, { name: 'good', label: uniqueLabel() })
    const bad = await misbehavingModel(dir, { name: 'bad', label: uniqueLabel() })
    const killing = { ...bad, manifest: { ...bad.manifest, example: { do: 'kill' } } }
    open(host, { ...good, id: 'own' })
    const neighbour = open(host, good)
    await until(() => neighbour.state.status === 'ready')
    const pid = await pidOf(neighbour)
    const pool = open(host, killing)
    await until(() => pool.state.status === 'load_failed')
    expect(pool.state.code).toBe('crashed')
    expect(await pidOf(neighbour)).toBe(pid)
  })

  test('with several instances get as many runners as are left', async () => {
    const host = new RunnerHost({ maxRunners: 2 })
    const version = await sumModel(dir, { name: 'wide', serving: { instances: 3 } })
    const pool = open(host, version)
    await until(() => pool.idle === 2)
    expect(host.reserve({ ...version, id: 'other' })).toHaveLength(1)
  })
})

test('a runner that dies while it is idle is replaced', async () => {
  for (const pool of await openMany({ maxRunners: 1 }, ['own', 'shared'])) {
    const pid = await pidOf(pool)
    process.kill(pid, 'SIGKILL')
    // A run that comes before its death was noticed dies as well.
    await vi.waitUntil(async () => (await run(pool)).kind === 'ran', { timeout: 100_000 })
    expect(await pidOf(pool)).not.toBe(pid)
  }
})

test('a runner of many failed runs is replaced without a failure that its callers see', async () => {
  const pool = open(new RunnerHost({ runner: { maxFailedRuns: 50 } }), await gatherModel())
  await until(() => pool.idle > 0)
  const before = descendantsOf(process.pid)
  for (let i = 0; i < 60; i++)
    expect(await run(pool, { index: 9 })).toMatchObject({ results: [{ code: 'model_error' }] })
  await until(() => before.some((pid) => readMemoryBytes(pid) === undefined))
  expect(await run(pool, { index: 1 })).toMatchObject({ results: [{ ok: true, output: '{"value":20}' }] })
})

test('a pool says what computes its answers', async () => {
  const pool = open(new RunnerHost(), await sumModel(dir, { name: 'served' }))
  expect(pool.served).toBeUndefined()
  await until(() => pool.state.status === 'ready')
  expect(pool.served).toEqual({
    runtime: expect.stringMatching(/^onnxruntime-node \d+\.\d+\.\d+$/),
    provider: 'cpu',
  })
})

/** Looks an index up in [10, 20, 30]; ONNX Runtime throws for any other. */
function gatherModel(): Promise<LocalVersion> {
  const inputs = [{ name: 'index', type: 'int64' as const, shape: ['N'] }]
  const outputs = [{ name: 'value', type: 'float32' as const, shape: ['N'] }]
  const table = { name: 'table', type: 'float32' as const, dims: [3], data: new Float32Array([10, 20, 30]) }
  const node = { op: 'Gather', inputs: ['table', 'index'], outputs: ['value'], attributes: { axis: 0 } }
  return writeModel(dir, 'gather', uniqueLabel(), {
    manifest: { inputs, outputs, pipeline: { name: 'tensors' } },
    onnx: encodeOnnx({ nodes: [node], inputs, outputs, initializers: [table] }),
  })
}
