import { consumeDeliveries } from '@augur/core/queue/delivery-queue'
import { deliverWebhook } from '@augur/core/webhooks/deliver-webhook'
import type { WorkerContext } from './context.js'

/** The role `webhooks`: makes deliveries, apart from any run, so that a dead receiver holds nothing but itself up. */
export function deliverWebhooks(context: WorkerContext): { stop(): Promise<void> } {
  const deliver = {
    ...context,
    deliveries: context.deliveryStore,
    secretsOf: context.webhookSecrets,
    retryDelaysMs: context.settings.AUGUR_WEBHOOK_RETRIES,
  }
  const consumer = consumeDeliveries({
    ...context,
    concurrency: context.settings.AUGUR_WEBHOOK_CONCURRENCY,
    deliver: (delivery, attempt, ageMs) => deliverWebhook(deliver, delivery, attempt, ageMs),
  })
  return { stop: () => consumer.close() }
}
