import type { BatchStore } from '@augur/core/batches/batch-store'
import type { PredictionStore } from '@augur/core/predictions/prediction-store'
import type { Span, Tracing } from '@augur/core/telemetry/tracing'
import { eventOfDelivery, predictionOfDelivery } from '@augur/core/webhooks/delivery'

interface Traced {
  tracing: Tracing
  predictions: Pick<PredictionStore, 'readOutlines'>
  batches: Pick<BatchStore, 'read'>
}

/** Begins a span for an attempt to deliver, in the trace of the prediction or batch that it tells of; null where that has none. */
export async function traceAttempt(context: Traced, delivery: string, url: string): Promise<Span | null> {
  const parent = await traceparentOf(context, predictionOfDelivery(delivery))
  if (parent === undefined) return null
  const host = URL.canParse(url) ? new URL(url).host : ''
  return context.tracing.start('webhook.deliver', {
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

/** Ids of predictions and of batches look the same. */
async function traceparentOf({ predictions, batches }: Traced, id: string): Promise<string | undefined> {
  const [prediction] = await predictions.readOutlines([id])
  return (prediction ?? (await batches.read(id)))?.traceparent
}
