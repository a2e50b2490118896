import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { type SleepingInput, sleepingModel } from '@augur/test-support/models'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { runInHalves } from './run-in-halves.js'
import type { RunInput } from './runner/protocol.js'
import type { RunnerOptions } from './runner/runner.js'
import { RunnerHost } from './runner-host.js'
import { type PoolStatus, type RunnerLease, RunnerPool } from './runner-pool.js'

let dir: string
const opened: RunnerPool[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-pool-'))
})
afterEach(() => Promise.all(opened.splice(0).map((pool) => pool.stop())))
afterAll(() => rm(dir, { recursive: true }))

let labels = 0
const version = (serving: Parameters<typeof sleepingModel>[1] = {}): Promise<LocalVersion> =>
  sleepingModel(dir, { ...serving, label: String(++labels) })

/** A started pool, the statuses it went through, and a way to wait for one. */
function open(of: LocalVersion, runner: RunnerOptions = {}) {
  const statuses: PoolStatus[] = []
  const pool = new RunnerPool({
    version: of,
    host: new RunnerHost({ runner }),
    onStateChange: ({ status }) => statuses.push(status),
  })
  opened.push(pool)
  pool.start()
  const reached = (status: PoolStatus) =>
    vi.waitUntil(() => pool.state.status === status, { timeout: 50_000 })
  return { pool, statuses, reached }
}

function acquire(pool: RunnerPool): RunnerLease {
  const lease = pool.acquire()
  if (!lease) throw new Error('no idle runner')
  return lease
}

const input = (more: Partial<SleepingInput> = {}): RunInput => ({
  form: 'pipeline',
  json: JSON.stringify({ value: [1, 2, 3], ...more }),
})
const ran = { kind: 'ran', results: [{ ok: true, output: '{"value":[1,2,3]}' }] }

describe('leases', () => {
  test('a runner belongs to one caller until it is released', async () => {
    const idle = vi.fn<() => void>()
    const pool = new RunnerPool({ version: await version(), host: new RunnerHost(), onIdle: idle })
    opened.push(pool)
    expect(pool.acquire()).toBeNull()
    pool.start()
    await vi.waitUntil(() => idle.mock.calls.length === 1, { timeout: 50_000 })
    expect(pool.idle).toBe(1)
    const lease = acquire(pool)
    expect([pool.idle, pool.acquire()]).toEqual([0, null])
    expect(await lease.run([input()])).toMatchObject(ran)
    lease.release()
    lease.release()
    expect([pool.idle, idle.mock.calls.length]).toEqual([1, 2])
  })

  test('there are as many runners as the manifest wants', async () => {
    const { pool } = open(await version({ serving: { instances: 2 } }))
    await vi.waitUntil(() => pool.idle === 2, { timeout: 50_000 })
    const leases = [acquire(pool), acquire(pool)]
    const outcomes = await Promise.all(leases.map((lease) => lease.run([input()])))
    expect(outcomes).toMatchObject([ran, ran])
  })
})

describe('a runner that dies', () => {
  test('is replaced, and the next run of the same lease waits for the new one', async () => {
    const { pool, statuses, reached } = open(await version())
    await reached('ready')
    const lease = acquire(pool)
    expect(await lease.run([input({ crash: true })])).toMatchObject({ kind: 'crashed', signal: 'SIGKILL' })
    expect(await lease.run([input()])).toMatchObject(ran)
    lease.release()
    expect(pool.idle).toBe(1)
    expect(statuses).toEqual(['ready'])
  })

  test('takes what was sent ahead along, and its replacement is sent it again', async () => {
    const { pool, reached } = open(await version())
    await reached('ready')
    const lease = acquire(pool)
    const ahead = [input()]
    const dying = lease.run([input({ sleepMs: 50, crash: true })])
    lease.stage(ahead)
    expect(await dying).toMatchObject({ kind: 'crashed' })
    expect(await lease.run(ahead)).toMatchObject(ran)
  })

  test('leaves its permit to others until the next one is loaded', async () => {
    const { pool, reached } = open(await version())
    await reached('ready')
    const events: string[] = []
    const lease = pool.acquire({
      release: () => events.push('released'),
      resume: async () => {
        events.push('resumed')
        expect(pool.served).toBeDefined()
      },
    })
    await lease?.run([input()])
    expect(events).toEqual([])
    await lease?.run([input({ crash: true })])
    expect(await lease?.run([input()])).toMatchObject(ran)
    expect(events).toEqual(['released', 'resumed'])
  })

  test('over its time is replaced as well', async () => {
    const { pool, reached } = open(await version({ serving: { timeoutSeconds: 3 } }))
    await reached('ready')
    const lease = acquire(pool)
    expect(await lease.run([input({ sleepMs: 60_000 })])).toEqual({ kind: 'timeout' })
    expect(await lease.run([input()])).toMatchObject(ran)
  })

  test('costs only the input that killed it, when the batch is run again in halves', async () => {
    const { pool, reached } = open(await version())
    await reached('ready')
    const lease = acquire(pool)
    const items = [{}, { crash: true }, {}, {}].map((more, id) => ({ id, run: input(more) }))
    const ends: string[] = []
    const charges: number[] = []
    await runInHalves(items, {
      run: (some) => lease.run(some.map(({ run }) => run)),
      charge: async ({ id }) => charges.push(id),
      settle: (some) => {
        for (const { item, outcome } of some) {
          ends[item.id] = outcome.kind === 'failed' ? outcome.code : JSON.stringify(outcome.result.ok)
        }
      },
    })
    expect(ends).toEqual(['true', 'runner_crashed', 'true', 'true'])
    expect(charges).toEqual([1, 1, 1])
  })
})

describe('a version that does not load', () => {
  test('is load_failed with its reason, and is not tried again', async () => {
    const good = await version()
    const bad = { ...good, manifest: { ...good.manifest, example: { value: [1, 2, 3], fail: true } } }
    const { pool, statuses, reached } = open(bad)
    await reached('load_failed')
    expect(pool.state).toEqual({ status: 'load_failed', code: 'warm_up_failed', reason: 'told to fail' })
    expect([pool.idle, pool.acquire()]).toEqual([0, null])
    expect(statuses).toEqual(['load_failed'])
  })

  test('because it kills its runner is load_failed, and says so', async () => {
    const good = await version()
    const bad = { ...good, manifest: { ...good.manifest, example: { value: [1, 2, 3], crash: true } } }
    const { pool, reached } = open(bad)
    await reached('load_failed')
    expect(pool.state).toMatchObject({ code: 'crashed', reason: expect.stringContaining('SIGKILL') })
  })

  test('any more, since its files went away, blames no input and recovers when they are back', async () => {
    const moving = await version()
    const { pool, reached } = open(moving, { loadTimeoutMs: 3_000 })
    await reached('ready')
    const lease = acquire(pool)
    await rename(moving.folder, `${moving.folder}-away`)
    expect(await lease.run([input({ crash: true })])).toMatchObject({ kind: 'crashed' })
    await expect(lease.run([input()])).rejects.toMatchObject({ name: 'RunnerUnavailableError' })
    await reached('crash_looping')
    await rename(`${moving.folder}-away`, moving.folder)
    lease.release()
    await vi.waitUntil(() => pool.idle === 1, { timeout: 50_000 })
    expect(await acquire(pool).run([input()])).toMatchObject(ran)
  })
})

describe('an end', () => {
  test('a draining pool gives no leases, lets those that are out finish, and stops', async () => {
    const { pool, statuses, reached } = open(await version())
    await reached('ready')
    const lease = acquire(pool)
    const drained = pool.drain()
    expect([pool.state.status, pool.acquire(), pool.idle]).toEqual(['draining', null, 0])
    expect(await lease.run([input()])).toMatchObject(ran)
    lease.release()
    await drained
    expect(statuses).toEqual(['ready', 'draining', 'stopped'])
  })

  test('a stopped pool blames no input for the run that it ended', async () => {
    const { pool, reached } = open(await version())
    await reached('ready')
    const run = acquire(pool).run([input({ sleepMs: 60_000 })])
    await Promise.all([expect(run).rejects.toMatchObject({ name: 'RunnerUnavailableError' }), pool.stop()])
    expect(pool.state.status).toBe('stopped')
  })

  test('a pool can be stopped while it loads, and a drain ends with it', async () => {
    const { pool } = open(await version())
    await Promise.all([pool.drain(), pool.stop()])
    expect(pool.state.status).toBe('stopped')
  })
})
