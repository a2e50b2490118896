import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chooseArm } from '@augur/core/rollouts/choose-arm'
import { type StackProcess, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { until } from './support/until.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const pixels = Array.from({ length: 64 }, (_, index) => index % 16)
const percent = 10

interface Rollout {
  stable: { id: string; label: string }
  trial: { id: string; stop_reason: string | null } | null
}
interface Digit {
  id: string
  status: string
  version_label: string
  rollout?: { trial: string; arm: 'stable' | 'candidate' }
}

let models: string
let stack: TestStack
let second: { url: string; process: StackProcess }
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-rollout-'))
  await cp(join(root, 'models/digits'), join(models, 'digits'), { recursive: true })
  await rm(join(models, 'digits/int8/verification.json'), { force: true })
  stack = await startTestStack({ modelsDir: models, env: { AUGUR_MODELS_RESCAN_SECONDS: '1' } })
  second = await stack.startApi()
})
afterAll(async () => {
  await stack?.stop()
  await rm(models, { recursive: true, force: true })
})

const path = '/api/v1/models/augur/digits'
const json = { 'content-type': 'application/json' }
const send = (url: string, method: string, to: string, body?: object, headers = {}) =>
  fetch(`${url}${path}${to}`, {
    method,
    headers: { ...json, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
const setRollout = (body: object) => send(stack.url, 'PUT', '/rollout', body)
const predict = async (url: string, caller: string, headers = {}): Promise<Digit> =>
  bodyOf(await send(url, 'POST', '/predictions', { input: { pixels } }, { 'x-user': caller, ...headers }))

const split = {
  candidate: 'int8',
  mode: 'split',
  percent,
  sticky_key: { from: 'header', name: 'x-user' },
  reason: 'a third of the size',
}

test('a candidate that is not verified gets no live traffic', async () => {
  const refused = await setRollout(split)
  expect(refused.status).toBe(409)
  expect(await bodyOf(refused)).toMatchObject({ code: 'not_verified' })
})

test('once it is verified it does, and both API processes know within a second', async () => {
  const env = { ...process.env, AUGUR_MODELS_DIR: models, AUGUR_DATA_DIR: join(models, '.augur') }
  const args = [join(root, 'apps/cli/dist/main.js'), 'verify', 'digits:int8', '--seconds', '0.02']
  await promisify(execFile)(process.execPath, args, { env, cwd: root })
  // The worker sees the verification with its next look at the repository.
  await until(async () => (await setRollout(split)).status === 200)
  for (const url of [stack.url, second.url]) {
    await until(async () => (await predict(url, 'somebody')).rollout !== undefined)
  }
  expect(await bodyOf<Rollout>(await send(second.url, 'GET', '/rollout'))).toMatchObject({
    stable: { label: 'fp32' },
    trial: { stop_reason: null },
  })
})

test('the same caller gets the same arm from every API process, and after a restart', async () => {
  const { trial } = await bodyOf<Rollout>(await send(stack.url, 'GET', '/rollout'))
  const callers = Array.from({ length: 300 }, (_, index) => `caller-${index}`)
  const expected = callers.map((caller) => chooseArm({ id: trial?.id ?? '', percent }, caller))
  const armsAt = async (url: string) =>
    Promise.all(callers.map(async (caller) => (await predict(url, caller)).rollout?.arm))
  expect(await armsAt(stack.url)).toEqual(expected)
  expect(await armsAt(second.url)).toEqual(expected)
  await second.process.end('SIGTERM')
  second = await stack.startApi()
  await until(async () => (await predict(second.url, 'somebody')).rollout !== undefined)
  expect(await armsAt(second.url)).toEqual(expected)
  expect(expected).toContain('candidate')
})

test('the version of a prediction is that of its arm, and who names a version gets it', async () => {
  const caller = (arm: string) => {
    for (let index = 0; ; index++) {
      const name = `seeker-${index}`
      if (chooseArm({ id: trialId, percent }, name) === arm) return name
    }
  }
  const { trial } = await bodyOf<Rollout>(await send(stack.url, 'GET', '/rollout'))
  const trialId = trial?.id ?? ''
  expect((await predict(stack.url, caller('candidate'))).version_label).toBe('int8')
  expect((await predict(stack.url, caller('stable'))).version_label).toBe('fp32')
  const named = await fetch(`${stack.url}/api/v1/predictions`, {
    method: 'POST',
    headers: { ...json, 'x-user': caller('candidate') },
    body: JSON.stringify({ version: 'augur/digits:fp32', input: { pixels } }),
  })
  const digit = await bodyOf<Digit>(named)
  expect([digit.version_label, digit.rollout]).toEqual(['fp32', undefined])
})

test('feedback reaches the comparison, and giving it again counts once', async () => {
  const digit = await predict(stack.url, 'critic', { prefer: 'wait' })
  expect(digit.status).toBe('succeeded')
  const give = (body: object) =>
    fetch(`${stack.url}/api/v1/predictions/${digit.id}/feedback`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
    })
  expect((await give({ label: 'none of them' })).status).toBe(200)
  expect(await bodyOf(await give({ label: 'something else' }))).toMatchObject({
    feedback: { label: 'something else' },
  })
  expect((await give({ label: 'x', status: 'succeeded' })).status).toBe(422)
  const comparison = await bodyOf<{
    arms: Record<string, { predictions: number; feedback: { count: number; right: number } }>
    verdict: string
  }>(await send(stack.url, 'GET', '/rollout/comparison'))
  const arm = comparison.arms[digit.rollout?.arm ?? '']
  expect(arm?.feedback).toMatchObject({ count: 1, right: 0 })
  expect(arm?.predictions).toBeGreaterThan(0)
  expect(comparison.verdict).toBe('keep_collecting')
})

test('promote makes the candidate stable for everybody, and rollback undoes it', async () => {
  const labelFor = async (url: string) => (await predict(url, 'anybody')).version_label
  const promoted = await send(stack.url, 'POST', '/rollout/promote', {
    reason: 'as good, a third of the size',
  })
  expect(promoted.status).toBe(200)
  for (const url of [stack.url, second.url]) await until(async () => (await labelFor(url)) === 'int8')
  expect((await send(stack.url, 'POST', '/rollout/rollback', { reason: 'try again' })).status).toBe(200)
  for (const url of [stack.url, second.url]) await until(async () => (await labelFor(url)) === 'fp32')
  const history = await bodyOf<{ results: { action: string; reason: string; actor: string }[] }>(
    await send(stack.url, 'GET', '/rollout/history'),
  )
  expect(history.results.map(({ action }) => action).slice(0, 2)).toEqual(['rollback', 'promote'])
  expect(history.results[1]).toMatchObject({ actor: 'local', reason: 'as good, a third of the size' })
})
