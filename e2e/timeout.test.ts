import { freePort } from '@augur/test-support/free-port'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, requestGated, submitGated } from './support/gated.js'
import { readMetric } from './support/metrics.js'
import { allEnded, bodyOf } from './support/predictions.js'

let models: GatedRepository
let stack: TestStack
let workerUrl: string
beforeAll(async () => {
  models = await gatedRepository({ batchSize: 4, maxDelayMs: 200, timeoutSeconds: 2 })
  const port = await freePort()
  workerUrl = `http://127.0.0.1:${port}`
  stack = await startTestStack({ modelsDir: models.dir, env: { AUGUR_WORKER_PORT: String(port) } })
})
afterAll(async () => {
  await stack?.stop()
  await models?.remove()
})

const timeouts = () => readMetric(workerUrl, 'augur_runs_total', { outcome: 'timeout' })

test('an input that runs for ever fails with `timeout`, and those that shared its micro-batch succeed', async () => {
  const values = [1, 2, 3, 4, 5].map((i) => [i, i, i])
  let before: number
  do {
    before = await timeouts()
    const inputs = values.map((value, i) => ({ value, ...(i === 2 && { gate: 'never' }) }))
    const ids = await Promise.all(inputs.map((input) => submitGated(stack, input)))
    const predictions = await allEnded(stack, ids)
    const [endless, ...others] = [predictions[2], ...predictions.toSpliced(2, 1)]
    expect(endless).toMatchObject({ status: 'failed', error_code: 'timeout', output: null })
    expect(others.map((other) => other?.status)).toEqual(others.map(() => 'succeeded'))
    expect(others.map((other) => other?.output?.value)).toEqual(values.toSpliced(2, 1))
    // One that runs alone times out once; where it had company, the run was repeated in halves.
  } while ((await timeouts()) - before < 2)
})

test('the version serves on', async () => {
  const response = await requestGated(stack, { value: [1, 2, 3] }, { headers: { prefer: 'wait' } })
  expect(await bodyOf(response)).toMatchObject({ status: 'succeeded', output: { value: [1, 2, 3] } })
  expect((await fetch(`${stack.url}/readyz`)).status).toBe(200)
})
