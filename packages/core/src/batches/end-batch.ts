import type { Tickets } from '../access/tickets.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { type Delivery, deliveryId } from '../webhooks/delivery.js'
import { type Batch, endedStatusOf, isEnded } from './batch.js'
import type { BatchIndex } from './batch-index.js'
import type { BatchStore } from './batch-store.js'
import { renderBatch } from './render-batch.js'

export interface EndBatchContext {
  batches: BatchStore
  batchIndex: Pick<BatchIndex, 'close'>
  deliveries: DeliveryQueue
  tickets: Pick<Tickets, 'issue'>
  /** Root of the predictions dialect, as receivers of webhooks reach it. */
  publicBaseUrl: string
  now(): number
}

/**
 * Ends a batch once all of its chunks are done, and sends its webhook on its way. Does nothing before that, so it may
 * be called whenever that could be so. The delivery is written with the end: a crash before it is announced loses
 * nothing.
 */
export async function endBatch(context: EndBatchContext, id: string): Promise<void> {
  const batch = await context.batches.read(id)
  if (!batch || isEnded(batch.status) || batch.chunksDone < batch.chunkSizes.length) return
  const endedAt = context.now()
  const status = endedStatusOf(batch.stop)
  const delivery = deliveryOf(context, { ...batch, status, endedAt })
  if (!(await context.batches.end(batch, status, endedAt, delivery))) return
  await Promise.all([
    context.batchIndex.close(batch.tenant, [id]),
    context.deliveries.add(delivery ? [delivery.id] : []),
  ])
}

function deliveryOf({ publicBaseUrl: baseUrl, tickets }: EndBatchContext, ended: Batch): Delivery | null {
  const { id, tenant, webhook } = ended
  if (webhook === null) return null
  const body = renderBatch(ended, { baseUrl, tickets })
  return { id: deliveryId(id, 'completed'), tenant, url: webhook, body, after: null }
}
