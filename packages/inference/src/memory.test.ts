import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { descendantsOf } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RunnerHost } from './runner-host.js'
import { RunnerPool } from './runner-pool.js'

const mib = 1024 ** 2
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-memory-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function load(host: RunnerHost, version: LocalVersion): Promise<RunnerPool> {
  const pool = new RunnerPool({ version, host })
  pool.start()
  await vi.waitUntil(() => pool.state.status === 'ready', { timeout: 250_000 })
  return pool
}

describe.runIf(process.platform === 'linux')('resident memory', () => {
  test('of 50 small models on one worker stays below 2 GB together', async () => {
    const host = new RunnerHost({ maxRunners: 8 })
    const versions = await Promise.all(Array.from({ length: 50 }, (_, i) => matrixModel(i)))
    const pools = await Promise.all(versions.map((version) => load(host, version)))
    for (const pool of pools) await runOnce(pool)
    const runners = descendantsOf(process.pid)
    expect(runners.length).toBeLessThan(14)
    expect(residentBytes(runners)).toBeLessThan(2_000 * mib)
    await Promise.all(pools.map((pool) => pool.stop()))
    expect(descendantsOf(process.pid)).toEqual([])
  })

  test.each([
    ['an own', 8],
    ['a shared', 1],
  ])('comes back when a version leaves %s runner, however often', async (_what, maxRunners) => {
    const host = new RunnerHost({ maxRunners })
    const others = [await load(host, await matrixModel(100)), await load(host, await matrixModel(101))]
    const version = await matrixModel(102)
    const cycle = async (): Promise<number> => {
      const pool = await load(host, version)
      await runOnce(pool)
      await pool.drain()
      return residentBytes([process.pid, ...descendantsOf(process.pid)])
    }
    const cycles: number[] = []
    for (let i = 0; i < 12; i++) cycles.push(await cycle())
    // The least of several: at a given moment a runner may be about to be replaced.
    const [early, late] = [Math.min(...cycles.slice(2, 6)), Math.min(...cycles.slice(8))]
    expect(late - early).toBeLessThan(40 * mib)
    await Promise.all(others.map((pool) => pool.stop()))
  })
})

async function runOnce(pool: RunnerPool): Promise<void> {
  const lease = await vi.waitUntil(() => pool.acquire(), { timeout: 100_000 })
  const json = JSON.stringify({ x: Array.from({ length: 256 }, () => 1) })
  expect(await lease.run([{ form: 'pipeline', json }])).toMatchObject({
    kind: 'ran',
    results: [{ ok: true }],
  })
  lease.release()
}

/** What processes hold in memory, pages that they share counted once for each. */
function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentKib(pid) * 1024, 0)
}

function residentKib(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Multiplies 256 numbers by a matrix of 1 MiB. */
function matrixModel(seed: number): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 256] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1024] }]
  const data = new Float32Array(256 * 1024).fill(seed)
  return writeModel(dir, `matrix-${seed}`, '1', {
    onnx: encodeOnnx({
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      inputs,
      outputs,
      initializers: [{ name: 'w', type: 'float32', dims: [256, 1024], data }],
    }),
    manifest: { inputs, outputs, pipeline: { name: 'tensors' } },
  })
}
