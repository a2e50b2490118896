import { ServiceError } from '../errors.js'
import { isTerminal } from '../predictions/prediction.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import type { DeadLetters } from './dead-letters.js'
import { type DeliveryView, eventOfDelivery, isInterimDelivery, predictionOfDelivery } from './delivery.js'
import type { DeliveryStore } from './delivery-store.js'
import { renderEnded, type RenderEndedContext } from './render-ended.js'

export interface RedeliverContext extends RenderEndedContext {
  deliveryStore: DeliveryStore
  deliveries: DeliveryQueue
  deadLetters: Pick<DeadLetters, 'oldest' | 'remove' | 'add'>
  tenant: string
  now(): number
}

/** @throws ServiceError `not_found`, also for the delivery of another tenant */
export async function getDelivery(
  { deliveryStore, tenant }: Pick<RedeliverContext, 'deliveryStore' | 'tenant'>,
  id: string,
): Promise<DeliveryView> {
  const found = await deliveryStore.view(id)
  if (found?.tenant === tenant) return found
  throw new ServiceError('not_found', 'There is no delivery with this id.')
}

/**
 * Has a delivery made at once: one that has ended is opened again, with all attempts before it, and one that waits for
 * its next attempt waits no longer.
 * @throws ServiceError `not_found`, or `gone` when it is out of date or its body is not kept any more
 */
export async function redeliver(context: RedeliverContext, id: string): Promise<DeliveryView> {
  await getDelivery(context, id)
  if (await isOutOfDate(context, id))
    throw new ServiceError('gone', 'What it tells of is over: its prediction ended.')
  // `completed` alone can be written anew: the others tell of what was.
  const body =
    eventOfDelivery(id) === 'completed' ? await renderEnded(context, predictionOfDelivery(id)) : null
  const outcome = await context.deliveryStore.reopen(id, body, context.now())
  if (outcome === 'no_body') throw new ServiceError('gone', 'The body of this delivery is not kept any more.')
  if (outcome === 'pending') await context.deliveries.hurry([id])
  if (outcome === 'reopened') await context.deliveries.add([id])
  return getDelivery(context, id)
}

async function isOutOfDate({ predictions }: RedeliverContext, id: string): Promise<boolean> {
  if (!isInterimDelivery(id)) return false
  const prediction = await predictions.read(predictionOfDelivery(id))
  return prediction === null || isTerminal(prediction.status)
}

const atATime = 32

/**
 * Opens deliveries again that were given up, oldest first. Gives how many it opened, and whether there are more; what is
 * not kept any more is left out.
 */
export async function replayExhausted(
  context: RedeliverContext,
  limit: number,
): Promise<{ replayed: number; more: boolean }> {
  const { deadLetters, tenant } = context
  // One more than asked for tells whether there is more.
  const found = await deadLetters.oldest(tenant, limit + 1)
  const ids = found.slice(0, limit)
  let replayed = 0
  for (let at = 0; at < ids.length; at += atATime) {
    const opened = await Promise.all(ids.slice(at, at + atATime).map((id) => reopen(context, id)))
    replayed += opened.filter(Boolean).length
  }
  return { replayed, more: found.length > limit }
}

async function reopen(context: RedeliverContext, id: string): Promise<boolean> {
  const { deadLetters, deliveryStore, tenant } = context
  const state = await deliveryStore.state(id)
  // Before it is opened: whoever gives it up once more adds it again.
  await deadLetters.remove(tenant, [id])
  if (state !== 'exhausted') return false
  try {
    await redeliver(context, id)
    return true
  } catch (error) {
    if (error instanceof ServiceError) return false
    await deadLetters.add(tenant, id, context.now()).catch(() => {})
    throw error
  }
}
