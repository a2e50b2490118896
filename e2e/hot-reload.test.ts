import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterEach, expect, test } from 'vitest'
import { gatedRepository, submitGated } from './support/gated.js'
import { bodyOf, ended, processing, read, type WirePrediction } from './support/predictions.js'
import { type Breakage, breakages, swapScaling } from './support/swapping.js'
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

/** Sends a model one prediction after the other by label, until told to stop, and tells of each that ended. */
async function keepPredicting(
  stack: TestStack,
  model: string,
  over: AbortSignal,
  onEnded: (prediction: WirePrediction) => void,
): Promise<void> {
  for (let sent = 0; !over.aborted; sent++) {
    const response = await stack.request('/predictions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ version: `augur/${model}:1`, input: { x: [1, 2, sent] } }),
    })
    const created = await bodyOf(response)
    if (response.status !== 201) throw new Error(`not accepted: ${JSON.stringify(created)}`)
    onEnded(await ended(stack, created.id))
    // A machine of few cores shall also load models meanwhile.
    await sleep(10)
  }
}

/** Breaks a version that serves, then puts another in its place. */
async function swapBroken(stack: TestStack, dir: string, { model, breakage, next }: Swap): Promise<void> {
  await breakage.apply(dir, model)
  await until(async () =>
    (await modelNow(stack, model)).problems.some((problem) => problem.code === breakage.code),
  )
  expect((await modelNow(stack, model)).state).toBe('ready')
  const id = await swapScaling(dir, model, next)
  await until(async () => (await modelNow(stack, model)).latest_version?.id === id)
  await until(async () => (await modelNow(stack, model)).problems.length === 0)
}

/** One model for each breakage, with the factors that its versions multiply by. */
interface Swap {
  model: string
  breakage: Breakage
  first: number
  next: number
}
const swaps: readonly Swap[] = breakages.map((breakage, i) => ({
  model: `scaling-${i}`,
  breakage,
  first: 2 * i + 1,
  next: 2 * i + 2,
}))

test('500 predictions flow while versions are broken in seven ways and swapped, and none fails', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  closing.push(() => rm(dir, { recursive: true, force: true }))
  for (const { model, first } of swaps) await swapScaling(dir, model, first)
  const stack = await start(dir)
  const over = new AbortController()
  const predictions: WirePrediction[] = []
  const seen = new Set<number>()
  const note = (prediction: WirePrediction) => {
    predictions.push(prediction)
    seen.add(factorOf(prediction))
  }
  const flowing = Promise.all(swaps.map(({ model }) => keepPredicting(stack, model, over.signal, note)))

  const swapping = async () => {
    await until(() => seen.size === swaps.length)
    await Promise.all(swaps.map((swap) => swapBroken(stack, dir, swap)))
    // The API routes by a view that is a moment old.
    await until(() => seen.size === 2 * swaps.length && predictions.length >= 500)
  }
  await Promise.race([swapping().finally(() => over.abort()), flowing])
  await flowing
  expect(predictions.filter(({ status }) => status !== 'succeeded')).toEqual([])
  expect([...seen].toSorted((a, b) => a - b)).toEqual(swaps.flatMap(({ first, next }) => [first, next]))
})

test('a removed version finishes what it runs; what still waits after the drain time fails as version_gone', async () => {
  const models = await gatedRepository()
  closing.push(() => models.remove())
  const receiver = await startWebhookReceiver()
  closing.push(() => receiver.close())
  const stack = await start(models.dir, { AUGUR_DRAIN_SECONDS: '5' })
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
