import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { type MisbehavingInput, misbehavingModel } from '@augur/test-support/faulty-models'
import { sumModel } from '@augur/test-support/models'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Runner, startRunner } from './runner.js'

const timeoutMs = 50_000
let dir: string
let culprit: LocalVersion
let neighbour: LocalVersion
let runner: Runner

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-stray-'))
  culprit = await misbehavingModel(dir)
  neighbour = await sumModel(dir)
})
beforeEach(async () => {
  runner = startRunner()
  await Promise.all([runner.load(culprit), runner.load(neighbour)])
})
afterEach(() => runner.stop())
afterAll(() => rm(dir, { recursive: true }))

const runCulprit = (input: MisbehavingInput) =>
  runner.run(culprit.id, [{ form: 'pipeline', json: JSON.stringify(input) }], { timeoutMs })
const runNeighbour = () =>
  runner.run(neighbour.id, [{ form: 'pipeline', json: '{"x":[1,2,3]}' }], { timeoutMs })
const neighboursOwn = { kind: 'ran', results: [{ ok: true, output: '{"y":[2,4,6]}' }] }

const forged = (run: number, ...results: unknown[]) => ({ kind: 'ran', run, results, timings: {} })
const messages: [string, unknown][] = [
  ['null', null],
  ['a text', 'ready'],
  ['a reply that lacks results', forged(1)],
  ["the neighbour's reply", forged(2, { ok: true, output: '"forged"' })],
  ['a reply to a request that is not under way', { kind: 'released', versionId: 'x' }],
  ['a notice that counts nothing', { kind: 'failedRuns', count: { valueOf: 1, toString: 1 } }],
]

describe("a version's module that sends", () => {
  test.each(messages)('%s finds no channel, and fails alone', async (_what, message) => {
    const outcomes = await Promise.all([runCulprit({ do: 'send', message }), runNeighbour()])
    expect(outcomes).toMatchObject([{ kind: 'ran', results: [{ code: 'model_error' }] }, neighboursOwn])
  })

  test.each(messages)('%s around that changes no answer', async (_what, message) => {
    const outcomes = await Promise.all([runCulprit({ do: 'send-inside', message }), runNeighbour()])
    const own = { ok: true, output: JSON.stringify({ pid: runner.pid }) }
    expect(outcomes).toMatchObject([{ kind: 'ran', results: [own] }, neighboursOwn])
    expect(runner.isAlive).toBe(true)
  })

  test('its own reply twice answers nobody else', async () => {
    const reply = { ok: true, output: '"forged"' }
    const outcomes = await Promise.all([
      runCulprit({ do: 'send-inside', message: forged(1, reply) }),
      runNeighbour(),
      runCulprit({}),
    ])
    const [, ...others] = outcomes
    expect(others).toMatchObject([
      neighboursOwn,
      { results: [{ output: JSON.stringify({ pid: runner.pid }) }] },
    ])
  })
})
