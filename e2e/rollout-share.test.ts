import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeys } from '@augur/core/redis/keys'
import type { Arm, Rollout, Trial } from '@augur/core/rollouts/rollout'
import { RolloutStore } from '@augur/core/rollouts/rollout-store'
import { wilsonInterval } from '@augur/core/statistics/proportion'
import { type StackProcess, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { trialModels } from '@augur/test-support/trial-models'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepConnections } from './support/kept-connections.js'
import { until } from './support/until.js'

const model = 'augur/trial'
const percent = 10
const callers = 20_000
const inFlight = 64
const z99 = 2.5758293035489004

let models: string
let stack: TestStack
let second: { url: string; process: StackProcess }
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-share-'))
  const { stable, candidate } = await trialModels(models)
  stack = await startTestStack({ modelsDir: models })
  second = await stack.startApi()
  await divide(stable.id, candidate.id)
  // The answer to a create has the arm: what then runs is of no interest here, and would take the processor.
  for (const { id } of [stable, candidate]) {
    const paused = await fetch(`${stack.url}/admin/versions/${id}/pause`, { method: 'POST' })
    if (!paused.ok) throw new Error(`pausing answered ${paused.status}`)
  }
})
afterAll(async () => {
  await stack?.stop()
  const redis = stack?.connectRedis()
  // The records of a test like this would be in the way of others.
  for await (const names of redis.scanStream({ match: `${stack.prefix}:*`, count: 1000 })) {
    if (names.length > 0) await redis.unlink(...names)
  }
  redis.disconnect()
  await rm(models, { recursive: true, force: true })
})

/** Written by hand, for its name decides who gets what: a test must not fail one time in a hundred. */
async function divide(stable: string, candidate: string): Promise<void> {
  const trial: Trial = {
    id: 'twenty-thousand',
    candidate,
    mode: 'split',
    percent,
    stickyKey: { from: 'header', name: 'x-user' },
    guardrails: {},
    startedAt: Date.now(),
    stopped: null,
  }
  const rollout: Rollout = { model, revision: 1, stable, previousStable: null, trial }
  const redis = stack.connectRedis()
  const event = { action: 'set', at: Date.now(), actor: 'local', reason: '', rollout } as const
  await new RolloutStore(redis, createKeys(stack.prefix)).write(model, null, event)
  redis.disconnect()
}

/** The arm that each caller is given, who asks at the process that `urlOf` tells. */
async function armsOf(urlOf: (caller: number) => string): Promise<Arm[]> {
  const connections = new Map([stack.url, second.url].map((url) => [url, keepConnections({ url })]))
  const arms: Arm[] = []
  let next = 0
  const ask = async () => {
    for (let caller = next++; caller < callers; caller = next++) {
      const headers = { 'x-user': `caller-${caller}` }
      const body = { input: { value: [1, 2, 3] } }
      const sent = connections
        .get(urlOf(caller))
        ?.send('POST', `/models/${model}/predictions`, { headers, body })
      const answer = await sent
      if (answer?.status !== 201) throw new Error(`answered ${answer?.status}: ${answer?.body}`)
      const prediction: { rollout?: { arm: Arm } } = JSON.parse(answer.body)
      if (prediction.rollout === undefined) throw new Error('the prediction is in no arm')
      arms[caller] = prediction.rollout.arm
    }
  }
  await Promise.all(Array.from({ length: inFlight }, ask))
  for (const each of connections.values()) each.close()
  return arms
}

/** Until that process has read the rollout. */
const knowing = (url: string) =>
  until(async () => {
    const response = await fetch(`${url}/api/v1/deployments/${model}`)
    return response.status === 200
  })

test('20,000 callers get a tenth of the candidate, and each the same arm from two API processes and after a restart', async () => {
  await Promise.all([stack.url, second.url].map(knowing))
  const first = await armsOf((caller) => (caller % 2 === 0 ? stack.url : second.url))
  const hits = first.filter((arm) => arm === 'candidate').length
  const { low, high } = wilsonInterval({ hits, count: callers }, z99)
  expect(low).toBeLessThan(percent / 100)
  expect(high).toBeGreaterThan(percent / 100)
  await second.process.end('SIGTERM')
  second = await stack.startApi()
  await knowing(second.url)
  // Each asks where it did not ask before.
  const again = await armsOf((caller) => (caller % 2 === 0 ? second.url : stack.url))
  expect(again.filter((arm, caller) => arm !== first[caller])).toEqual([])
})
