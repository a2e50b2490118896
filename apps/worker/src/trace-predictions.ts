import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { SpanAttributes, Tracing } from '@augur/core/telemetry/tracing'
import { z } from 'zod'

const timed = z.object({
  micro_batch_size: z.number(),
  preprocess_ms: z.number(),
  run_ms: z.number(),
  postprocess_ms: z.number(),
})

/**
 * Tells, once a prediction has ended, how long it waited in its queue, and what its worker and its runner did. The
 * runner's three steps are as long as it measured them; where they lie is told from their end.
 */
export function tracePrediction(tracing: Tracing, prediction: Prediction, ending: Ending): void {
  const { traceparent: parent, createdAt, startedAt } = prediction
  if (parent === undefined || startedAt === null) return
  const { completedAt: endMs, status, errorCode } = ending
  const attributes = attributesOf(prediction)
  tracing
    .start('prediction.queue', { kind: 'internal', parent, startMs: createdAt, attributes })
    .end({ endMs: startedAt })
  const ran = timed.safeParse(ending.provenance === null ? null : JSON.parse(ending.provenance)).data
  const span = tracing.start('prediction.process', {
    kind: 'consumer',
    parent,
    startMs: startedAt,
    attributes,
  })
  if (ran) traceRun(tracing, span.traceparent, ran, endMs)
  span.end({
    endMs,
    attributes: {
      'augur.prediction.status': status,
      ...(ran && { 'augur.micro_batch.size': ran.micro_batch_size }),
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

function traceRun(
  tracing: Tracing,
  parent: string | undefined,
  { preprocess_ms: preprocess, run_ms: run, postprocess_ms: postprocess }: z.infer<typeof timed>,
  endMs: number,
): void {
  let startMs = endMs - preprocess - run - postprocess
  for (const [name, ms] of Object.entries({ preprocess, run, postprocess })) {
    tracing.start(`runner.${name}`, { kind: 'internal', parent, startMs }).end({ endMs: startMs + ms })
    startMs += ms
  }
}
