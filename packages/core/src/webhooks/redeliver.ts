import { ServiceError } from '../errors.js'
import { isTerminal } from '../predictions/prediction.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import type { DeadLetters } from './dead-letters.js'
import { type DeliveryView, eventOfDelivery, isInterimDelivery, predictionOfDelivery } from './delivery.js'
import type { DeliveryStore, ReopenOutcome } from './delivery-store.js'
import { keepBody } from './keep-body.js'
import { renderEnded, type RenderEndedContext } from './render-ended.js'

export interface RedeliverContext extends RenderEndedContext {
  deliveryStore: DeliveryStore
  deliveries: DeliveryQueue
  deadLetters: Pick<DeadLetters, 'oldest' | 'remove'>
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
  const outcome = await reopen(context, id)
  if (outcome === 'no_body') throw new ServiceError('gone', 'The body of this delivery is not kept any more.')
  if (outcome === 'pending') await context.deliveries.hurry([id])
  if (outcome === 'reopened') await context.deliveries.add([id])
  return getDelivery(context, id)
}

/** With the body that is kept. Where none is, `completed` alone can be written anew: the others tell of what was. */
async function reopen(context: RedeliverContext, id: string): Promise<ReopenOutcome> {
  const { deliveryStore, payloads, now } = context
  const outcome = await deliveryStore.reopen(id, null, now())
  if (outcome !== 'no_body' || eventOfDelivery(id) !== 'completed') return outcome
  const text = await renderEnded(context, predictionOfDelivery(id))
  return text === null ? outcome : deliveryStore.reopen(id, await keepBody(payloads, id, text), now())
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
  const letters = found.slice(0, limit)
  let replayed = 0
  for (let at = 0; at < letters.length; at += atATime) {
    const some = letters.slice(at, at + atATime)
    const opened = await Promise.all(some.map(([id, givenUpAt]) => replay(context, id, givenUpAt)))
    replayed += opened.filter(Boolean).length
  }
  return { replayed, more: found.length > limit }
}

/** It stays a dead letter until it is open: who dies in between leaves it to be found. */
async function replay(context: RedeliverContext, id: string, givenUpAt: number): Promise<boolean> {
  const { deadLetters, deliveryStore, tenant } = context
  const isExhausted = (await deliveryStore.state(id)) === 'exhausted'
  const isOpened = isExhausted && (await isRedelivered(context, id))
  await deadLetters.remove(tenant, id, givenUpAt)
  return isOpened
}

async function isRedelivered(context: RedeliverContext, id: string): Promise<boolean> {
  try {
    await redeliver(context, id)
    return true
  } catch (error) {
    if (error instanceof ServiceError) return false
    throw error
  }
}
