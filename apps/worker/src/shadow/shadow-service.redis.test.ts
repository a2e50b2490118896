import { readdirSync, readFileSync } from 'node:fs'
import { modelTag } from '@augur/core/ids'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import type { ShadowCounts } from '@augur/core/shadow/shadow-store'
import { childrenOf } from '@augur/test-support/test-stack'
import { candidateFaults, trialModels } from '@augur/test-support/trial-models'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestWorker, type TestWorker } from '../test/test-worker.js'

const tag = modelTag('augur/trial')
const trial = 'a-trial'
/** Its runner starts with what processor time nobody else wants. */
let worker: TestWorker
let candidate: string
beforeEach(async () => {
  // The machine that runs the tests is never calm.
  worker = await createTestWorker({ AUGUR_SHADOW_CPU_PERCENT: '100' })
  const versions = await trialModels(worker.modelsDir)
  candidate = versions.candidate.id
  await worker.untilState(versions.stable.id, 'ready')
  await worker.untilState(candidate, 'ready')
})
afterEach(() => worker.close())

/** A prediction of the stable version that the candidate is to repeat. */
async function submit(first: number): Promise<string> {
  const { prediction } = await createPrediction(worker.core, {
    version: (await worker.catalogue()).resolve('augur/trial'),
    input: JSON.stringify({ value: [first, 2, 3] }),
    form: 'pipeline',
    class: 'submission',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
    trial: { id: trial, part: 'shadow', candidate },
  })
  return prediction.id
}

const counts = () => worker.context.shadowStore.counts(tag, trial)
const totalOf = ({ outcomes, missing }: ShadowCounts) =>
  Object.values(outcomes).reduce((sum, count) => sum + count, missing)
async function untilCounted(total: number): Promise<void> {
  await expect.poll(async () => totalOf(await counts())).toBe(total)
}

/** Of each thread, by the kernel's table. */
function niceOfThreads(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
}

test('every ended prediction is repeated and compared, and callers see the stable version alone', async () => {
  const { wrong, fails } = candidateFaults
  const ids = await Promise.all([1, 2, 3, wrong, fails].map(submit))
  const ended = await Promise.all(ids.map((id) => worker.ended(id)))
  expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'))
  await untilCounted(ids.length)
  expect((await counts()).outcomes).toMatchObject({ agreed: 3, differed: 1, candidate_failed: 1 })
  expect((await counts()).distance.max).toBe(50)
  const [, , , wrongId, failedId] = ids
  expect(await worker.context.shadowStore.candidateOutput(wrongId ?? '', trial)).toBe('{"value":[150,52,53]}')
  expect(await worker.context.shadowStore.candidateOutput(failedId ?? '', trial)).toContain('model_error')
  expect(await worker.core.predictions.counts(tag, candidate)).toMatchObject({ accepted: 0, open: 0 })
})

test('a candidate that dies of an input has failed it, and harms nobody', async () => {
  const id = await submit(candidateFaults.crashes)
  expect(await worker.ended(id)).toMatchObject({ status: 'succeeded', attempt: 1 })
  await untilCounted(1)
  expect((await counts()).outcomes.candidate_failed).toBe(1)
  expect(await worker.context.shadowStore.candidateOutput(id, trial)).toBe('{"error_code":"runner_crashed"}')
})

test('the runner of a shadow has low priority, and no other has', async () => {
  await worker.ended(await submit(1))
  await untilCounted(1)
  const low = childrenOf(process.pid)
    .map(niceOfThreads)
    .filter((nice) => nice.includes(19))
  expect(low).toHaveLength(1)
  expect(new Set(low[0])).toEqual(new Set([19]))
})

test('what waits when a worker stops is repeated by the next, and counts once', async () => {
  const ids = await Promise.all(Array.from({ length: 60 }, (_, i) => submit(i)))
  await Promise.all(ids.map((id) => worker.ended(id)))
  await worker.restart()
  await untilCounted(ids.length)
  expect((await counts()).outcomes.agreed).toBe(ids.length)
  expect((await counts()).shed).toBe(0)
})

test('an input that is gone is counted as missing', async () => {
  const id = await submit(1)
  await worker.ended(id)
  await worker.core.predictions.removeData(tag, [id])
  const target = { model: 'augur/trial', version: candidate }
  await worker.context.shadowQueues.add(target, [{ trial: 'later', primary: id }], 10, Date.now())
  const missing = async () => (await worker.context.shadowStore.counts(tag, 'later')).missing
  await expect.poll(missing).toBe(1)
})
