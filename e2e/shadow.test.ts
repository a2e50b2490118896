import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { candidateFaults, trialModels } from '@augur/test-support/trial-models'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { until } from './support/until.js'

const { wrong, fails } = candidateFaults

interface Answered {
  id: string
  status: string
  version_label: string
  output: unknown
}
interface Shadow {
  pairs: number
  agreed: number
  differed: number
  candidate_failed: number
  worst: { prediction: string; distance: number | null; candidate_output: string | null }[]
  verdict: string
}
interface Rollout {
  trial: { stopped_at: string | null; stopped_by: string | null; stop_reason: string | null } | null
}

let models: string
let stack: TestStack
let receiver: WebhookReceiver
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-shadow-'))
  await trialModels(models)
  receiver = await startWebhookReceiver()
  stack = await startTestStack({
    modelsDir: models,
    // The machine that runs the tests is never calm.
    env: { AUGUR_ROLLOUT_WEBHOOK: receiver.url, AUGUR_SHADOW_CPU_PERCENT: '100' },
  })
})
afterAll(async () => {
  await stack?.stop()
  await receiver?.close()
  await rm(models, { recursive: true, force: true })
})

const path = '/models/augur/trial'
const send = (method: string, to: string, body?: object) =>
  stack.request(`${path}${to}`, {
    method,
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    ...(body && { body: JSON.stringify(body) }),
  })
const predict = async (first: number): Promise<Answered> =>
  bodyOf(await send('POST', '/predictions', { input: { value: [first, 2, 3] } }))
const predictMany = (count: number, first: number) =>
  Promise.all(Array.from({ length: count }, () => predict(first)))
const getRollout = async (): Promise<Rollout> => bodyOf(await send('GET', '/rollout'))
const shadowOf = async (): Promise<Shadow> =>
  (await bodyOf<{ shadow: Shadow }>(await send('GET', '/rollout/comparison'))).shadow

async function set(body: object): Promise<void> {
  const answered = await send('PUT', '/rollout', { candidate: 'candidate', percent: 100, ...body })
  expect(answered.status).toBe(200)
}

/** Resolves once predictions are repeated. */
async function shadowing(): Promise<void> {
  await until(async () => {
    await predict(1)
    return (await shadowOf()).pairs > 0
  })
}

test('a shadow repeats what callers ask, unseen, and the comparison shows where it differs', async () => {
  await set({ mode: 'shadow' })
  await shadowing()
  const answers = [...(await predictMany(20, 1)), ...(await predictMany(3, wrong)), await predict(fails)]
  expect(new Set(answers.map(({ status, version_label }) => `${status} ${version_label}`))).toEqual(
    new Set(['succeeded stable']),
  )
  await until(async () => (await shadowOf()).worst.length >= 4 && (await shadowOf()).agreed > 20)
  const shadow = await shadowOf()
  expect(shadow).toMatchObject({ pairs: shadow.agreed + 4, differed: 3, candidate_failed: 1 })
  expect(shadow.worst).toHaveLength(4)
  expect(shadow.worst[0]).toMatchObject({ prediction: answers.at(-1)?.id, distance: null })
  expect(shadow.worst[1]).toMatchObject({ distance: 50, candidate_output: '{"value":[150,52,53]}' })
})

test('a candidate that starts to answer wrongly under live traffic is stopped, and the webhook tells why', async () => {
  const disagreement = { maximum: 0.2, window: 20, minimum: 10 }
  await send('DELETE', '/rollout')
  await set({ mode: 'shadow', guardrails: { disagreement } })
  await shadowing()
  await predictMany(20, 1)
  await until(async () => (await shadowOf()).pairs >= 20)
  expect((await getRollout()).trial?.stopped_at).toBeNull()
  await until(async () => {
    await predictMany(5, wrong)
    return (await getRollout()).trial?.stopped_at !== null
  })
  const { trial } = await getRollout()
  expect(trial).toMatchObject({ stopped_by: 'guardrail' })
  expect(trial?.stop_reason).toMatch(/answered \d+ % of them otherwise; at most 20 % may differ/)
  const [webhook] = await receiver.waitFor(1, ({ body }) => body.includes('rollout.stopped'))
  const { key } = await bodyOf<{ key: string }>(await stack.request('/webhooks/default/secret'))
  const told = new Webhook(key).verify(webhook?.body ?? '', {
    'webhook-id': String(webhook?.headers['webhook-id']),
    'webhook-timestamp': String(webhook?.headers['webhook-timestamp']),
    'webhook-signature': String(webhook?.headers['webhook-signature']),
  })
  expect(told).toMatchObject({ type: 'rollout.stopped', data: { reason: trial?.stop_reason } })
})

test('a split is stopped when its candidate fails too often, and then everybody gets the stable version', async () => {
  const errorRate = { maximum: 0.2, window: 20, minimum: 10 }
  await set({ mode: 'split', guardrails: { errorRate }, force: true, reason: 'a test' })
  await until(async () => (await predict(1)).version_label === 'candidate')
  await until(async () => {
    await predictMany(5, fails)
    return (await getRollout()).trial?.stopped_at !== null
  })
  await until(async () => (await predict(fails)).version_label === 'stable')
  const { results } = await bodyOf<{ results: { action: string; actor: string }[] }>(
    await send('GET', '/rollout/history'),
  )
  expect(results[0]).toMatchObject({ action: 'stop', actor: 'guardrail' })
})

test('a replay gives stored inputs to a candidate and tells how far it has come', async () => {
  await send('DELETE', '/rollout')
  await until(async () => (await predict(1)).version_label === 'stable')
  await predictMany(9, 1)
  await predictMany(2, wrong)
  const started = await send('POST', '/replays', { candidate: 'candidate', last: 12 })
  expect(started.status).toBe(201)
  const { id, total } = await bodyOf<{ id: string; total: number }>(started)
  expect(total).toBe(12)
  type Replay = { status: string; done: number; comparison: Shadow }
  const read = async (): Promise<Replay> => bodyOf(await send('GET', `/replays/${id}`))
  await until(async () => (await read()).status === 'completed')
  expect(await read()).toMatchObject({ done: 12, comparison: { agreed: 10, differed: 2 } })
  expect((await send('GET', '/replays/none')).status).toBe(404)
  expect((await send('POST', '/replays', { candidate: 'none', last: 1 })).status).toBe(422)
})
