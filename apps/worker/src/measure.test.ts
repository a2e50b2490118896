import { createMetrics } from '@augur/core/telemetry/metrics'
import { expect, test } from 'vitest'
import { measureRuns } from './measure.js'

const version = { model: 'augur/test', label: '1' }
const labels = 'model="augur/test",label="1"'

async function said(work: (measured: ReturnType<typeof measureRuns>) => void): Promise<string> {
  const metrics = createMetrics()
  work(measureRuns(metrics, version))
  return metrics.registry.metrics()
}

test('a run tells its size, its outcome, and what went before and after it in the runner', async () => {
  const timings = { startedAt: 1000, preprocessMs: 2, runMs: 30, postprocessMs: 4 }
  const text = await said(({ onRun }) => onRun(8)({ kind: 'ran', results: [], timings }))
  expect(text).toContain(`augur_micro_batch_size_sum{${labels}} 8`)
  expect(text).toContain(`augur_runs_total{${labels},outcome="ran"} 1`)
  expect(text).toContain(`augur_preprocess_duration_seconds_sum{${labels}} 0.002`)
  expect(text).toContain(`augur_postprocess_duration_seconds_sum{${labels}} 0.004`)
  expect(text).toContain(`augur_running_micro_batches{${labels}} 0`)
})

test('a run that no runner took counts as unavailable', async () => {
  expect(await said(({ onRun }) => onRun(1)())).toContain(
    `augur_runs_total{${labels},outcome="unavailable"} 1`,
  )
})

test('a runner that died counts as a restart', async () => {
  expect(await said(({ onRunnerDied }) => onRunnerDied())).toContain(
    `augur_runner_restarts_total{${labels}} 1`,
  )
})
