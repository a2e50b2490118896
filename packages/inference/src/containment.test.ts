import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import {
  divisionModel,
  endlessModel,
  hungryModel,
  type MisbehavingInput,
  misbehavingModel,
} from '@augur/test-support/faulty-models'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunOutcome } from './runner/runner.js'
import { RunnerHost } from './runner-host.js'
import { RunnerPool } from './runner-pool.js'

let dir: string
/** One version gets a runner of its own, the others share. */
let host: RunnerHost

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-containment-'))
  host = new RunnerHost({ maxRunners: 1, runner: { memoryLimitBytes: 600 * 1024 ** 2, maxOldSpaceMb: 128 } })
})
afterAll(() => rm(dir, { recursive: true }))

async function opened(version: LocalVersion): Promise<RunnerPool> {
  const pool = new RunnerPool({ version, host })
  pool.start()
  await vi.waitUntil(() => pool.state.status === 'ready', { timeout: 100_000 })
  return pool
}

async function run(pool: RunnerPool, input: unknown): Promise<RunOutcome> {
  const lease = await vi.waitUntil(() => pool.acquire(), { timeout: 100_000 })
  try {
    return await lease.run([{ form: 'pipeline', json: JSON.stringify(input) }])
  } finally {
    lease.release()
  }
}

type Ending = Exclude<RunOutcome, { kind: 'ran' }>
const deeds: [string, MisbehavingInput, Ending][] = [
  ['kills its process', { do: 'kill' }, { kind: 'crashed', signal: 'SIGKILL', code: null }],
  ['exits', { do: 'exit' }, { kind: 'crashed', signal: null, code: 3 }],
  ['throws in a timer', { do: 'throw-later' }, { kind: 'crashed', signal: null, code: 1 }],
  ['blocks for ever', { do: 'block' }, { kind: 'timeout' }],
  ['allocates buffers without end', { do: 'allocate' }, { kind: 'resource_limit' }],
  ['fills the JavaScript heap', { do: 'fill-heap' }, { kind: 'resource_limit' }],
]

describe.each(['own', 'shared'])('in a runner of its kind (%s), what', (kind) => {
  let pool: RunnerPool
  let neighbour: RunnerPool
  let spare: RunnerPool | undefined
  let hasty: RunnerPool
  const named = (name: string, timeoutSeconds = 60) =>
    misbehavingModel(dir, { name: `${name}-${kind}`, serving: { timeoutSeconds } })

  beforeAll(async () => {
    // Takes the only runner of its own that the host gives.
    if (kind === 'shared') spare = await opened(await named('spare'))
    pool = await opened(await named('misbehaving'))
    neighbour = await opened(await named('neighbour'))
    hasty = await opened(await named('hasty', 3))
  }, 100_000)
  afterAll(() => Promise.all([pool, neighbour, hasty, spare].map(async (each) => each?.stop())))

  test.each(deeds)('%s fails alone, and its neighbour serves on', async (_what, input, ending) => {
    const culprit = ending.kind === 'timeout' ? hasty : pool
    expect(await run(culprit, input)).toEqual(ending)
    const outcomes = await Promise.all([run(culprit, {}), run(neighbour, {})])
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['ran', 'ran'])
  })
})

describe('a model', () => {
  test.each<[string, typeof divisionModel, unknown, Ending]>([
    ['that loops for ever', endlessModel, { x: [1] }, { kind: 'timeout' }],
    ['that allocates without end', hungryModel, { x: [1] }, { kind: 'resource_limit' }],
    [
      'that divides what the processor cannot',
      divisionModel,
      { x: -2147483648, by: -1 },
      { kind: 'crashed', signal: 'SIGFPE', code: null },
    ],
  ])('%s ends with a code of its own', async (_what, model, input, ending) => {
    const timeoutSeconds = ending.kind === 'timeout' ? 3 : 60
    const pool = await opened(await model(dir, { serving: { timeoutSeconds } }))
    expect(await run(pool, input)).toEqual(ending)
    await pool.stop()
  })
})
