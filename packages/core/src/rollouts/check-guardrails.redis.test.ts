import { modelTag, newPredictionId } from '../ids.js'
import { ShadowStore } from '../shadow/shadow-store.js'
import { endInTrial } from '@augur/test-support/end-in-trial'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { announceStops } from './announce-stop.js'
import { ArmStore } from './arm-store.js'
import { stopRollout } from './change-rollout.js'
import { checkGuardrails } from './check-guardrails.js'
import { type Rollout, type RolloutMode, runningTrial, type Trial } from './rollout.js'
import { RolloutStore } from './rollout-store.js'

const model = 'augur/test'
const tag = modelTag(model)
const candidate = 'c'.repeat(64)

let core: TestContext
let context: TestContext & { rollouts: RolloutStore; armStore: ArmStore; shadowStore: ShadowStore }
beforeEach(async () => {
  core = await createTestContext()
  const { redis, keys } = core
  context = {
    ...core,
    rollouts: new RolloutStore(redis, keys),
    armStore: new ArmStore(redis, keys),
    shadowStore: new ShadowStore(redis, keys),
  }
})
afterEach(() => core.close())

const limits = { window: 100, minimum: 10 }

async function begin(mode: RolloutMode, guardrails: Trial['guardrails']): Promise<Rollout> {
  const trial: Trial = {
    id: 'a-trial',
    candidate,
    mode,
    percent: 50,
    stickyKey: { from: 'api_key' },
    guardrails,
    startedAt: context.now(),
    stopped: null,
  }
  const rollout = { model, revision: 1, stable: 'd'.repeat(64), previousStable: null, trial }
  const event = { action: 'set', at: context.now(), actor: 'local', reason: '', rollout } as const
  await context.rollouts.write(model, null, event)
  return rollout
}

const outcomes = (failed: number, succeeded: number) => [
  ...Array.from({ length: failed }, () => 'failed' as const),
  ...Array.from({ length: succeeded }, () => 'succeeded' as const),
]

test('a candidate that fails too often is stopped, with a reason in the history', async () => {
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(2, 8))
  expect(runningTrial(await checkGuardrails(context, rollout))).not.toBeNull()
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(5, 5))
  expect(runningTrial(await checkGuardrails(context, rollout))).toBeNull()
  expect((await context.rollouts.history(model, 1))[0]).toMatchObject({
    action: 'stop',
    actor: 'guardrail',
    reason: 'Of the newest 20, the candidate failed 35 % of them; at most 20 % may fail.',
  })
})

test('failures of the stable version stop nothing', async () => {
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'stable' }, outcomes(50, 0))
  expect(runningTrial(await checkGuardrails(context, rollout))).not.toBeNull()
})

test('a shadow that answers otherwise too often is stopped', async () => {
  const rollout = await begin('shadow', { disagreement: { maximum: 0.1, ...limits } })
  const pairs = Array.from({ length: 12 }, (_, i) => ({
    id: newPredictionId(tag, context.now()),
    pair: { outcome: i < 3 ? ('differed' as const) : ('agreed' as const), distance: null },
    stableMs: 1,
    candidateMs: 1,
    candidateOutput: null,
  }))
  await context.shadowStore.record('a-trial', pairs)
  expect(runningTrial(await checkGuardrails(context, rollout))).toBeNull()
})

test('two workers that see the same breach stop it once', async () => {
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(10, 0))
  await Promise.all([1, 2, 3].map(() => checkGuardrails(context, rollout)))
  const history = await context.rollouts.history(model, 10)
  expect(history.map(({ action }) => action)).toEqual(['stop', 'set'])
})

const telling = () => ({ ...context, rolloutWebhook: 'https://hooks.test/rollouts' })
const told = () => context.deliveryStore.pendingBetween(tag, 0, context.clock.now + 1000, 10)

test('a stop is told to the webhook once, also when who stopped it could not and however many try', async () => {
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(10, 0))
  await checkGuardrails(context, rollout)
  const untold = await context.rollouts.untoldStops()
  await Promise.all([1, 2, 3].map(() => announceStops(telling())))
  const [id = ''] = (await told()).map(([each]) => each)
  const found = await context.deliveryStore.read(id)
  expect(JSON.parse(found?.delivery.body ?? '')).toMatchObject({
    type: 'rollout.stopped',
    data: { model, candidate, reason: expect.stringContaining('failed 100 %') },
  })
  await context.deliveryStore.end(id, 'delivered', null)
  // One that read what was to be told before the others, and comes late.
  await announceStops({ ...telling(), rollouts: { untoldStops: async () => untold, told: async () => {} } })
  expect(await context.deliveryStore.state(id)).toBe('delivered')
  expect(await told()).toEqual([])
})

test('a stop is told although its worker died at once and the rollout was changed since', async () => {
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(10, 0))
  const stopped = await checkGuardrails(context, rollout)
  const event = { action: 'remove', at: context.now(), actor: 'local', reason: '', rollout: null } as const
  await context.rollouts.write(model, stopped, event)
  context.clock.now += 3_600_000
  await announceStops(telling())
  expect(await told()).toHaveLength(1)
  expect(await context.rollouts.untoldStops()).toEqual([])
})

test('what a person stopped is told to nobody, and nothing to nobody', async () => {
  await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await stopRollout(context, model, { actor: 'local', reason: '', force: false })
  expect(await context.rollouts.untoldStops()).toEqual([])
  await context.rollouts.write(model, await context.rollouts.read(model), {
    action: 'remove',
    at: context.now(),
    actor: 'local',
    reason: '',
    rollout: null,
  })
  const rollout = await begin('split', { errorRate: { maximum: 0.2, ...limits } })
  await endInTrial(core, { id: 'a-trial', part: 'candidate' }, outcomes(10, 0))
  await checkGuardrails(context, rollout)
  await announceStops({ ...telling(), rolloutWebhook: null })
  expect(await told()).toEqual([])
  expect(await context.rollouts.untoldStops()).toEqual([])
})
