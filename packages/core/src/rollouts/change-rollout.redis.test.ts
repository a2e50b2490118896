import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Catalogue, type CatalogueVersion } from '../models/catalogue.js'
import type { VerificationState } from '../verification/verification-state.js'
import { VerificationStore } from '../verification/verification-store.js'
import {
  type ChangedBy,
  promoteCandidate,
  removeRollout,
  rollBack,
  type RolloutContext,
  setRollout,
  stopRollout,
  type WantedRollout,
} from './change-rollout.js'
import { runningTrial } from './rollout.js'
import { RolloutStore } from './rollout-store.js'

const { model } = testVersion
const version = (id: string, label: string, baseline?: string): CatalogueVersion => ({
  ...testVersion,
  id: id.repeat(64),
  label,
  manifest: { ...testVersion.manifest, ...(baseline !== undefined && { baseline }) },
  publishedAt: 1,
})
const [original, optimised, other] = [
  version('a', 'fp32'),
  version('b', 'int8', 'fp32'),
  version('c', 'int4', 'fp32'),
]
const catalogue = new Catalogue([original, optimised, other], [])
const passed: VerificationState = { state: 'passed', at: '2026-01-01T00:00:00Z', rules: [] }

let testing: TestContext
let context: RolloutContext
beforeEach(async () => {
  testing = await createTestContext()
  const { redis, keys, now } = testing
  context = {
    rollouts: new RolloutStore(redis, keys),
    verifications: new VerificationStore(redis, keys),
    now,
  }
})
afterEach(() => testing.close())

const by = (changes: Partial<ChangedBy> = {}): ChangedBy => ({
  actor: 'local',
  reason: 'because',
  force: false,
  ...changes,
})
const wanted = (changes: Partial<WantedRollout> = {}): WantedRollout => ({
  model,
  stable: null,
  candidate: optimised,
  mode: 'split',
  percent: 10,
  stickyKey: { from: 'api_key' },
  guardrails: {},
  ...changes,
})
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const verify = (state: VerificationState, id = optimised.id) =>
  context.verifications.publish(new Map([[id, state]]))

test.each<[string, VerificationState | null]>([
  ['was never verified', null],
  ['failed', { state: 'failed', at: '', rules: ['maxAccuracyDrop'] }],
  ['has a void verification', { state: 'void', reason: 'baseline_changed' }],
])('a candidate that %s gets no live traffic, unless forced with a reason', async (_, state) => {
  if (state) await verify(state)
  expect(await codeOf(setRollout(context, catalogue, wanted(), by()))).toBe('not_verified')
  expect(await context.rollouts.read(model)).toBeNull()
  const forced = setRollout(context, catalogue, wanted(), by({ force: true, reason: '' }))
  expect(await codeOf(forced)).toBe('invalid_request')
  await setRollout(context, catalogue, wanted(), by({ force: true, reason: 'hotfix' }))
  expect(await context.rollouts.history(model, 10)).toMatchObject([{ action: 'set', reason: 'hotfix' }])
})

test('an unverified version does not become stable by the side door of another candidate', async () => {
  await verify(passed, other.id)
  const side = wanted({ stable: optimised, candidate: other, mode: 'shadow' })
  expect(await codeOf(setRollout(context, catalogue, side, by()))).toBe('not_verified')
  expect(await context.rollouts.read(model)).toBeNull()
})

test('another stable version begins a new trial: the arms of one trial are two versions', async () => {
  await verify(passed)
  await verify(passed, other.id)
  const first = await setRollout(context, catalogue, wanted(), by())
  const second = await setRollout(context, catalogue, wanted({ stable: other }), by())
  expect(second.trial?.id).not.toBe(first.trial?.id)
})

test('what a guardrail stopped is promoted by force only', async () => {
  await verify(passed)
  await setRollout(context, catalogue, wanted(), by())
  await stopRollout(context, model, by({ actor: 'guardrail', reason: 'The error rate is 0.5.' }))
  expect(await codeOf(promoteCandidate(context, catalogue, model, by()))).toBe('rollout_changed')
  const forced = await promoteCandidate(context, catalogue, model, by({ force: true }))
  expect(forced.stable).toBe(optimised.id)
})

test('a shadow answers nobody, so it needs no verification; promoting it does', async () => {
  await setRollout(context, catalogue, wanted({ mode: 'shadow' }), by())
  expect(await codeOf(promoteCandidate(context, catalogue, model, by()))).toBe('not_verified')
})

test('another share of traffic goes on with the trial, another candidate begins a new one', async () => {
  await verify(passed)
  await verify(passed, other.id)
  const first = await setRollout(context, catalogue, wanted(), by())
  const more = await setRollout(context, catalogue, wanted({ percent: 50 }), by())
  expect(more.trial?.id).toBe(first.trial?.id)
  const another = await setRollout(context, catalogue, wanted({ candidate: other }), by())
  expect(another.trial?.id).not.toBe(first.trial?.id)
})

test('promote makes the candidate stable in one step, rollback undoes it, and the history tells who and why', async () => {
  await verify(passed)
  await setRollout(context, catalogue, wanted(), by())
  const promoted = await promoteCandidate(context, catalogue, model, by({ actor: 'key1' }))
  expect(promoted).toMatchObject({ stable: optimised.id, previousStable: original.id, trial: null })
  const undone = await rollBack(context, model, by({ reason: 'too many complaints' }))
  expect(undone).toMatchObject({ stable: original.id, previousStable: null })
  expect(await codeOf(rollBack(context, model, by()))).toBe('not_found')
  const history = await context.rollouts.history(model, 10)
  expect(history.map(({ action }) => action)).toEqual(['rollback', 'promote', 'set'])
  expect(history[0]).toMatchObject({ actor: 'local', reason: 'too many complaints' })
  expect(history[1]).toMatchObject({ actor: 'key1' })
})

test('a stopped trial takes no traffic and keeps its reason', async () => {
  await verify(passed)
  await setRollout(context, catalogue, wanted(), by())
  const stopped = await stopRollout(context, model, by({ actor: 'guardrail', reason: 'error rate' }))
  expect(runningTrial(stopped)).toBeNull()
  expect(stopped.trial?.stopped).toMatchObject({ actor: 'guardrail', reason: 'error rate' })
})

test('who stops a trial by its id stops no other that came meanwhile', async () => {
  await verify(passed)
  const first = await setRollout(context, catalogue, wanted(), by())
  await stopRollout(context, model, by(), first.trial?.id)
  const second = await setRollout(context, catalogue, wanted(), by())
  expect(second.trial?.id).not.toBe(first.trial?.id)
  const left = await stopRollout(context, model, by(), first.trial?.id)
  expect(runningTrial(left)).toEqual(second.trial)
})

test('of two changes at the same time one is refused, and nothing is lost in silence', async () => {
  await verify(passed)
  await setRollout(context, catalogue, wanted(), by())
  const seen = await context.rollouts.read(model)
  const event = { action: 'remove', at: 1, actor: 'local', reason: '', rollout: null } as const
  const written = await Promise.all([1, 2].map(() => context.rollouts.write(model, seen, event)))
  expect(written.filter(Boolean)).toHaveLength(1)
})

test('a rollout that was removed leaves its history', async () => {
  await verify(passed)
  await setRollout(context, catalogue, wanted(), by())
  await removeRollout(context, model, by())
  expect(await context.rollouts.read(model)).toBeNull()
  expect(await context.rollouts.history(model, 10)).toHaveLength(2)
})
