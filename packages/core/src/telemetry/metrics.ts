import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** How often the delay of the event loop is sampled; what `nodejs_eventloop_lag_*_seconds` say has it as its least. */
const loopSampleMs = 100

/** Every metric of every process. Names and labels follow the Prometheus conventions; `docs/reference/metrics.md` lists them. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  // Every sample wakes the process: the usual hundred a second cost an idle one more than all that it does by itself.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopSampleMs })
  return {
    registry,
    httpRequestSeconds: new Histogram({
      name: 'augur_http_request_duration_seconds',
      help: 'Time from the request to the end of its response headers.',
      labelNames: ['method', 'route', 'status'],
      buckets: secondsBuckets,
      registers,
    }),
    refusals: new Counter({
      name: 'augur_refusals_total',
      help: 'Requests that were refused, by error code.',
      labelNames: ['code'],
      registers,
    }),
    waitingClients: new Gauge({
      name: 'augur_waiting_clients',
      help: 'Requests that are waiting for a prediction to end.',
      registers,
    }),
    openStreams: new Gauge({
      name: 'augur_open_streams',
      help: 'Event streams that clients hold open.',
      registers,
    }),
    openPredictions: new Gauge({
      name: 'augur_open_predictions',
      help: 'Predictions that were accepted and have not ended.',
      labelNames: ['model', 'label'],
      registers,
    }),
    oldestOpenSeconds: new Gauge({
      name: 'augur_oldest_open_prediction_age_seconds',
      help: 'Age of the oldest prediction that has not ended; 0 when there is none.',
      labelNames: ['model', 'label'],
      registers,
    }),
    queueDepth: new Gauge({
      name: 'augur_queue_depth',
      help: 'What waits for a version or runs there: predictions, and chunks of batches.',
      labelNames: ['model', 'label', 'queue'],
      registers,
    }),
    redisMemoryUse: new Gauge({
      name: 'augur_redis_memory_use_ratio',
      help: 'Share of its memory limit that Redis uses; from 0.8 on no new work is accepted. 0 where there is no limit.',
      registers,
    }),
    auditGap: new Gauge({
      name: 'augur_audit_gap',
      help: 'Accepted minus open minus ended predictions. Anything but 0 is a defect.',
      labelNames: ['model', 'label'],
      registers,
    }),
    unaccounted: new Gauge({
      name: 'augur_unaccounted_predictions',
      help: 'Open predictions that the newest recount found without a record or without a queue job.',
      labelNames: ['model', 'label', 'missing'],
      registers,
    }),
    predictions: new Counter({
      name: 'augur_predictions_total',
      help: 'Predictions that this worker ended.',
      labelNames: ['model', 'label', 'status'],
      registers,
    }),
    predictionSeconds: new Histogram({
      name: 'augur_prediction_duration_seconds',
      help: 'Time from submission to the end.',
      labelNames: ['model', 'label'],
      buckets: secondsBuckets,
      registers,
    }),
    queueSeconds: new Histogram({
      name: 'augur_queue_duration_seconds',
      help: 'Time from submission to the claim by the worker that ended the prediction.',
      labelNames: ['model', 'label'],
      buckets: secondsBuckets,
      registers,
    }),
    batchLines: new Counter({
      name: 'augur_batch_lines_total',
      help: 'Lines of batches that this worker finished: completed or failed.',
      labelNames: ['model', 'label', 'outcome'],
      registers,
    }),
    shadows: new Counter({
      name: 'augur_shadows_total',
      help: 'Repetitions on a candidate by what came of them: agreed, differed, stable_failed, candidate_failed, both_failed, missing, input_gone or shed.',
      labelNames: ['model', 'outcome'],
      registers,
    }),
    runSeconds: new Histogram({
      name: 'augur_run_duration_seconds',
      help: 'Time of one micro-batch in the runner.',
      labelNames: ['model', 'label'],
      buckets: secondsBuckets,
      registers,
    }),
    preprocessSeconds: new Histogram({
      name: 'augur_preprocess_duration_seconds',
      help: 'Time that the runner took to make tensors of the inputs of one micro-batch.',
      labelNames: ['model', 'label'],
      buckets: secondsBuckets,
      registers,
    }),
    postprocessSeconds: new Histogram({
      name: 'augur_postprocess_duration_seconds',
      help: 'Time that the runner took to make answers of the tensors of one micro-batch.',
      labelNames: ['model', 'label'],
      buckets: secondsBuckets,
      registers,
    }),
    running: new Gauge({
      name: 'augur_running_micro_batches',
      help: 'Micro-batches that runners are working on.',
      labelNames: ['model', 'label'],
      registers,
    }),
    microBatchSize: new Histogram({
      name: 'augur_micro_batch_size',
      help: 'Predictions joined into one run.',
      labelNames: ['model', 'label'],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    runs: new Counter({
      name: 'augur_runs_total',
      help: 'Micro-batches for runners, by outcome: ran, crashed, timeout, resource_limit or unavailable.',
      labelNames: ['model', 'label', 'outcome'],
      registers,
    }),
    runnerRestarts: new Counter({
      name: 'augur_runner_restarts_total',
      help: 'Runners that died while they held the version, and were replaced.',
      labelNames: ['model', 'label'],
      registers,
    }),
    loadedVersions: new Gauge({
      name: 'augur_loaded_versions',
      help: 'Versions that this worker serves: 1 each.',
      labelNames: ['model', 'label'],
      registers,
    }),
    loadFailures: new Counter({
      name: 'augur_load_failures_total',
      help: 'Versions that could not be loaded, by reason code.',
      labelNames: ['model', 'label', 'code'],
      registers,
    }),
    loadSeconds: new Histogram({
      name: 'augur_load_duration_seconds',
      help: 'Time from the find of a version to its readiness.',
      labelNames: ['model', 'label'],
      buckets: [...secondsBuckets, 300, 1800],
      registers,
    }),
    deliveries: new Counter({
      name: 'augur_delivery_attempts_total',
      help: 'Attempts to deliver a webhook, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
