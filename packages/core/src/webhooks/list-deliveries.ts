import type { BatchIndex } from '../batches/batch-index.js'
import {
  deliveryId,
  type DeliveryState,
  type DeliveryView,
  ownEvents,
  predictionOfDelivery,
} from './delivery.js'
import type { PredictionIndex } from '../predictions/prediction-index.js'
import type { DeliveryStore } from './delivery-store.js'
import { webhookEvents } from './webhook-events.js'

export interface ListDeliveriesContext {
  deliveryStore: Pick<DeliveryStore, 'state' | 'view' | 'own'>
  index: Pick<PredictionIndex, 'list'>
  batchIndex: Pick<BatchIndex, 'list'>
  tenant: string
}

export interface DeliveriesWanted {
  /** The delivery to go on after; null from the newest on. */
  after: string | null
  limit: number
  state?: DeliveryState | undefined
}

export interface DeliveryPage {
  deliveries: DeliveryView[]
  /** The delivery to go on after, or null at the end. */
  next: string | null
}

/** So many predictions and batches are looked at for a page, however few of them have deliveries. */
export const mostSourcesLookedAt = 1000
const readAtOnce = 100

/** Events that have deliveries which are listed. */
export const deliveryEvents: ReadonlySet<string> = new Set([...webhookEvents, ...ownEvents])

// The last event comes first, as in the list of predictions.
const newestFirst = webhookEvents.toReversed()

/** Those of one prediction, in the order of its events. */
export async function deliveriesOf(
  { deliveryStore, tenant }: Pick<ListDeliveriesContext, 'deliveryStore' | 'tenant'>,
  prediction: string,
): Promise<DeliveryView[]> {
  const ids = ['start', 'logs', 'output', 'completed'] as const
  const found = await Promise.all(ids.map((event) => deliveryStore.view(deliveryId(prediction, event))))
  return found.filter((view) => view !== null).filter((view) => view.tenant === tenant)
}

/**
 * A page of this tenant's deliveries, by predictions and batches from the newest on. They are found by those, so that
 * creating them costs no index; only events of neither have one. A page may be short, or empty, and still be followed by
 * another.
 */
export async function listDeliveries(
  context: ListDeliveriesContext,
  { after, limit, state }: DeliveriesWanted,
): Promise<DeliveryPage> {
  const found: string[] = []
  // Greater than the id itself and less than any other: the page begins with what is left of its deliveries.
  let before = after === null ? null : `${predictionOfDelivery(after)}0`
  for (let lookedAt = 0; lookedAt < mostSourcesLookedAt; lookedAt += readAtOnce) {
    const sources = await newestSources(context, before)
    found.push(...(await existing(context, candidatesOf(sources, after), state)))
    if (found.length > limit) return page(context, found.slice(0, limit), found[limit - 1] ?? null)
    if (sources.length < readAtOnce) return page(context, found, null)
    before = sources.at(-1) ?? null
  }
  return page(context, found, before && (isOwn(before) ? before : deliveryId(before, 'start')))
}

async function newestSources(
  { index, batchIndex, deliveryStore, tenant }: ListDeliveriesContext,
  before: string | null,
) {
  const found = await Promise.all([
    index.list(tenant, before, readAtOnce),
    batchIndex.list(tenant, before, readAtOnce),
    deliveryStore.own(tenant, before, readAtOnce),
  ])
  return found.flat().toSorted().toReversed().slice(0, readAtOnce)
}

/** Whether a source is a delivery itself, of an event that neither a prediction nor a batch has. */
const isOwn = (source: string) => source.includes('.')

/** What those may have, without what the pages before had. */
function candidatesOf(sources: readonly string[], after: string | null): string[] {
  const ids = sources.flatMap((source) =>
    isOwn(source) ? [source] : newestFirst.map((event) => deliveryId(source, event)),
  )
  return ids.slice(after === null ? 0 : ids.indexOf(after) + 1)
}

async function existing(
  { deliveryStore }: ListDeliveriesContext,
  ids: readonly string[],
  state: DeliveryState | undefined,
): Promise<string[]> {
  const states = await Promise.all(ids.map((id) => deliveryStore.state(id)))
  return ids.filter((_, i) => states[i] != null && (state === undefined || states[i] === state))
}

async function page(
  { deliveryStore, tenant }: ListDeliveriesContext,
  ids: readonly string[],
  next: string | null,
): Promise<DeliveryPage> {
  const views = await Promise.all(ids.map((id) => deliveryStore.view(id)))
  return { deliveries: views.filter((view) => view !== null).filter((view) => view.tenant === tenant), next }
}
