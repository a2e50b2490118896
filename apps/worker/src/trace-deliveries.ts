import type { PredictionStore } from '@augur/core/predictions/prediction-store'
import type { Span, Tracing } from '@augur/core/telemetry/tracing'
import { eventOfDelivery, predictionOfDelivery } from '@augur/core/webhooks/delivery'

/** Begins a span for an attempt to deliver, in the trace of the prediction that it tells of; null where that has none. */
export async function traceAttempt(
  { tracing, predictions }: { tracing: Tracing; predictions: Pick<PredictionStore, 'readOutlines'> },
  delivery: string,
  url: string,
): Promise<Span | null> {
  const [prediction] = await predictions.readOutlines([predictionOfDelivery(delivery)])
  const parent = prediction?.traceparent
  if (parent === undefined) return null
  const host = URL.canParse(url) ? new URL(url).host : ''
  return tracing.start('webhook.deliver', {
    kind: 'client',
    parent,
    attributes: {
      'http.request.method': 'POST',
      'server.address': host,
      'augur.delivery.id': delivery,
      'augur.webhook.event': eventOfDelivery(delivery),
    },
  })
}
