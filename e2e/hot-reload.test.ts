import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterEach, expect, test } from 'vitest'
import { gatedRepository, submitGated } from './support/gated.js'
import { bodyOf, ended, processing, read, type WirePrediction } from './support/predictions.js'
import { breakages, swapScaling } from './support/swapping.js'
import { until } from './support/until.js'

interface WireModel {
  state: string
  problems: { label: string; code: string }[]
  latest_version: { id: string; label: string } | null
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(modelsDir: string, env: Record<string, string> = {}): Promise<TestStack> {
  const stack = await startTestStack({ modelsDir, env })
  closing.push(() => stack.stop())
  return stack
}

const modelNow = async (stack: TestStack, model: string) =>
  bodyOf<WireModel>(await stack.request(`/models/augur/${model}`))

/** What the version that ran it multiplies by. */
const factorOf = ({ output }: WirePrediction) => Number(JSON.stringify(output).match(/\d+/)?.[0])

/** Sends one prediction after the other by label, until told to stop. Notes in `seen` which versions ran them. */
async function keepPredicting(
  stack: TestStack,
  over: AbortSignal,
  seen: Set<number>,
): Promise<WirePrediction[]> {
  const predictions: WirePrediction[] = []
  while (!over.aborted) {
    const response = await stack.request('/predictions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: 'augur/scaling:1', input: { x: [1, 2, predictions.length] } }),
    })
    const created = await bodyOf(response)
    if (response.status !== 201) throw new Error(`not accepted: ${JSON.stringify(created)}`)
    const prediction = await ended(stack, created.id)
    predictions.push(prediction)
    seen.add(factorOf(prediction))
    // A machine of few cores shall also load models meanwhile.
    await sleep(10)
  }
  return predictions
}

test('500 predictions flow while a version is swapped and broken seven times, and none fails', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  closing.push(() => rm(dir, { recursive: true, force: true }))
  await swapScaling(dir, 1)
  const stack = await start(dir)
  const over = new AbortController()
  const seen = new Set<number>()
  const flowing = Promise.all(Array.from({ length: 4 }, () => keepPredicting(stack, over.signal, seen)))

  const swaps = async () => {
    for (const [i, { code, apply }] of breakages.entries()) {
      await apply(dir)
      await until(async () =>
        (await modelNow(stack, 'scaling')).problems.some((problem) => problem.code === code),
      )
      expect((await modelNow(stack, 'scaling')).state).toBe('ready')
      const id = await swapScaling(dir, i + 2)
      await until(async () => (await modelNow(stack, 'scaling')).latest_version?.id === id)
      await until(async () => (await modelNow(stack, 'scaling')).problems.length === 0)
      // The API routes by a view that is a moment old.
      await until(() => seen.has(i + 2))
    }
  }
  await Promise.race([swaps().finally(() => over.abort()), flowing])
  const predictions = (await flowing).flat()
  expect(predictions.filter(({ status }) => status !== 'succeeded')).toEqual([])
  expect(predictions.length).toBeGreaterThanOrEqual(500)
  expect(seen.size).toBe(breakages.length + 1)
}, 240_000)

test('a removed version finishes what it runs; what still waits after the drain time fails as version_gone', async () => {
  const models = await gatedRepository()
  closing.push(() => models.remove())
  const receiver = await startWebhookReceiver()
  closing.push(() => receiver.close())
  const stack = await start(models.dir, { AUGUR_DRAIN_SECONDS: '1' })
  const running = await submitGated(stack, { value: [1, 1, 1], gate: 'last' })
  await processing(stack, [running])
  const waiting = await submitGated(stack, { value: [2, 2, 2] }, receiver.url)

  await rm(join(models.dir, 'gated'), { recursive: true })
  await until(async () => (await modelNow(stack, 'gated')).state === 'draining')
  const refused = await stack.request('/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version: 'augur/gated:1', input: { value: [3, 3, 3] } }),
  })
  expect(await bodyOf(refused)).toMatchObject({ status: 422, code: 'unknown_version' })
  expect((await read(stack, waiting)).status).toBe('starting')

  expect(await ended(stack, waiting)).toMatchObject({ status: 'failed', error_code: 'version_gone' })
  await models.open('last')
  expect(await ended(stack, running)).toMatchObject({ status: 'succeeded', output: { value: [1, 1, 1] } })
  const [told] = await receiver.waitFor(1, ({ body }) => body.includes('version_gone'))
  expect(JSON.parse(told?.body ?? '{}')).toMatchObject({ id: waiting, status: 'failed' })
  await until(async () => (await stack.request('/models/augur/gated')).status === 404)
  expect(await read(stack, running)).toMatchObject({ id: running, status: 'succeeded' })
})
