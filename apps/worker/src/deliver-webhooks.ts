import { disableDefaultWebhook } from '@augur/core/access/disable-default-webhook'
import { consumeDeliveries } from '@augur/core/queue/delivery-queue'
import { deliverWebhook } from '@augur/core/webhooks/deliver-webhook'
import { SparingLog } from '@augur/core/telemetry/sparing-log'
import { Receivers } from '@augur/core/webhooks/receivers'
import type { WorkerContext } from './context.js'
import { traceAttempt } from './trace-deliveries.js'

/** The role `webhooks`: makes deliveries, apart from any run, so that a dead receiver holds nothing but itself up. */
export function deliverWebhooks(context: WorkerContext): { stop(): Promise<void> } {
  const { settings, webhookSecrets, tracing, predictions, batches, now } = context
  const slots = settings.AUGUR_WEBHOOK_CONCURRENCY
  if (settings.AUGUR_MODE === 'development')
    context.logger.info('development mode: webhooks may go to this machine, and over plain http')
  const deliver = {
    ...context,
    deliveries: context.deliveryStore,
    receivers: new Receivers({
      slots,
      perReceiver: Math.min(slots, settings.AUGUR_WEBHOOK_PER_RECEIVER),
      pauseMs: settings.AUGUR_WEBHOOK_PAUSE_SECONDS * 1000,
      now,
    }),
    secretsOf: (tenant: string) => webhookSecrets.active(tenant, now()),
    onGone: (delivery: string, url: string) => disableDefaultWebhook(context, delivery, url),
    retryDelaysMs: settings.AUGUR_WEBHOOK_RETRIES,
    ...(tracing !== null && {
      traceAttempt: (delivery: string, url: string) =>
        traceAttempt({ tracing, predictions, batches }, delivery, url),
    }),
    log: new SparingLog(context.logger, 1000),
  }
  const consumer = consumeDeliveries({
    ...context,
    concurrency: slots,
    deliver: (delivery, ageMs) => deliverWebhook(deliver, delivery, ageMs),
  })
  return { stop: () => consumer.close() }
}
