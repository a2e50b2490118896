import { modelTag } from '../ids.js'
import type { EndedSubscriptions } from '../predictions/ended-subscriptions.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { type DeliveryView, ownDeliveryId, predictionOfDelivery } from './delivery.js'
import type { DeliveryStore } from './delivery-store.js'
import { getDelivery } from './redeliver.js'

export interface SendTestContext {
  deliveryStore: DeliveryStore
  deliveries: DeliveryQueue
  subscriptions: Pick<EndedSubscriptions, 'subscribe'>
  tenant: string
  now(): number
}

const tag = modelTag('webhook tests')

/**
 * Has a worker send an event of the kind `test`, once, and gives what came of it: the delivery, still `pending` where
 * that took longer than `waitMs`, as when no worker delivers.
 */
export async function sendTestEvent(
  context: SendTestContext,
  url: string,
  waitMs: number,
): Promise<DeliveryView> {
  const nowMs = context.now()
  const id = ownDeliveryId(tag, 'test', nowMs)
  const waiting: { end(): void } = { end: () => {} }
  const ended = new Promise<void>((resolve) => (waiting.end = resolve))
  const unsubscribe = await context.subscriptions.subscribe(predictionOfDelivery(id), () => waiting.end())
  const timer = setTimeout(() => waiting.end(), waitMs)
  try {
    await announce(context, id, url, nowMs)
    await ended
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
  return getDelivery(context, id)
}

async function announce(
  { deliveryStore, deliveries, tenant }: SendTestContext,
  id: string,
  url: string,
  nowMs: number,
): Promise<void> {
  const body = JSON.stringify({ type: 'test', id, created_at: new Date(nowMs).toISOString() })
  await deliveryStore.createOwn({ id, tenant, url, body }, nowMs, { once: true })
  await deliveries.add([id])
}
