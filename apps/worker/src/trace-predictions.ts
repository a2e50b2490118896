import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { SpanAttributes, Tracing } from '@augur/core/telemetry/tracing'
import type { RunTimings } from '@augur/inference/runner/protocol'
import type { Ran } from './predictions/run-micro-batch.js'

/** Tells, once a prediction has ended, how long it waited in its queue, and what its worker and its runner did when. */
export function tracePrediction(tracing: Tracing, prediction: Prediction, ending: Ending, ran?: Ran): void {
  const { traceparent: parent, createdAt, startedAt } = prediction
  if (parent === undefined || startedAt === null) return
  const { completedAt: endMs, status, errorCode } = ending
  const attributes = attributesOf(prediction)
  tracing
    .start('prediction.queue', { kind: 'internal', parent, startMs: createdAt, attributes })
    .end({ endMs: startedAt })
  const span = tracing.start('prediction.process', {
    kind: 'consumer',
    parent,
    startMs: startedAt,
    attributes,
  })
  if (ran) traceRun(tracing, span.traceparent, ran.timings)
  span.end({
    endMs,
    attributes: {
      'augur.prediction.status': status,
      ...(ran && { 'augur.micro_batch.size': ran.size }),
    },
    ...(status === 'failed' && { error: errorCode ?? status }),
  })
}

const attributesOf = ({ id, model, label, class: predictionClass, attempt }: Prediction): SpanAttributes => ({
  'augur.prediction.id': id,
  'augur.prediction.class': predictionClass,
  'augur.prediction.attempt': attempt,
  'augur.model': model,
  'augur.label': label,
})

/** The three steps of a run, by the clock of its runner: which is that of the same machine. */
export function traceRun(
  tracing: Tracing,
  parent: string | undefined,
  { startedAt, preprocessMs: preprocess, runMs: run, postprocessMs: postprocess }: RunTimings,
): void {
  let startMs = startedAt
  for (const [name, ms] of Object.entries({ preprocess, run, postprocess })) {
    tracing.start(`runner.${name}`, { kind: 'internal', parent, startMs }).end({ endMs: startMs + ms })
    startMs += ms
  }
}
