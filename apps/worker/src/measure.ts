import type { Metrics } from '@augur/core/telemetry/metrics'
import type { LoadFailure } from './lifecycle/held-version.js'
import type { ChunkContext } from './predictions/run-chunk.js'
import type { MicroBatchContext } from './predictions/run-micro-batch.js'

interface Version {
  model: string
  label: string
}

/** A version's share of the metrics about runs. */
export function measureRuns(
  metrics: Metrics,
  { model, label }: Version,
): Pick<MicroBatchContext, 'onRun' | 'onEnd'> & Pick<ChunkContext, 'onLines'> & { onRunnerDied(): void } {
  const runSeconds = metrics.runSeconds.labels({ model, label })
  const running = metrics.running.labels({ model, label })
  const batchSize = metrics.microBatchSize.labels({ model, label })
  const preprocessSeconds = metrics.preprocessSeconds.labels({ model, label })
  const postprocessSeconds = metrics.postprocessSeconds.labels({ model, label })
  const queueSeconds = metrics.queueSeconds.labels({ model, label })
  const predictionSeconds = metrics.predictionSeconds.labels({ model, label })
  return {
    onRun(size) {
      const stopTimer = runSeconds.startTimer()
      running.inc()
      batchSize.observe(size)
      return (outcome) => {
        stopTimer()
        running.dec()
        metrics.runs.inc({ model, label, outcome: outcome?.kind ?? 'unavailable' })
        if (outcome?.kind !== 'ran') return
        preprocessSeconds.observe(outcome.timings.preprocessMs / 1000)
        postprocessSeconds.observe(outcome.timings.postprocessMs / 1000)
      }
    },
    onLines({ completed, failed }) {
      metrics.batchLines.inc({ model, label, outcome: 'completed' }, completed)
      metrics.batchLines.inc({ model, label, outcome: 'failed' }, failed)
    },
    onRunnerDied: () => metrics.runnerRestarts.inc({ model, label }),
    onEnd({ createdAt, startedAt }, { status, completedAt }) {
      metrics.predictions.inc({ model, label, status })
      if (startedAt !== null) queueSeconds.observe(Math.max(0, startedAt - createdAt) / 1000)
      predictionSeconds.observe(Math.max(0, completedAt - createdAt) / 1000)
    },
  }
}

/** A version's share of the metrics about loads. */
export function measureLoads(metrics: Metrics, { model, label }: Version) {
  return {
    onLoaded: (seconds: number) => metrics.loadSeconds.observe({ model, label }, seconds),
    onLoadFailed: ({ code }: LoadFailure) => metrics.loadFailures.inc({ model, label, code }),
  }
}

/** Which versions are served now; those that left are not mentioned any more. */
export function measureServed(metrics: Metrics, versions: readonly (Version & { state: string })[]): void {
  metrics.loadedVersions.reset()
  for (const { model, label, state } of versions) {
    if (state === 'ready') metrics.loadedVersions.set({ model, label }, 1)
  }
}
