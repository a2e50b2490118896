import { pageSize, type Progress } from './progress.js'
import type { ReconcileContext } from './reconcile-model.js'

/** Announces open deliveries that their queue does not know: the process that created them died before it could. */
export async function announceDeliveries(
  context: ReconcileContext,
  progress: Progress,
  untilMs: number,
): Promise<number> {
  let announced = 0
  await progress.walk('outbox', untilMs, async (afterMs, until) => {
    const pending = await context.deliveryStore.pendingBetween(context.tag, afterMs, until, pageSize)
    const ids = pending.map(([id]) => id)
    const known = await context.deliveries.has(ids)
    const lost = ids.filter((_, i) => known[i] === false)
    await context.deliveries.add(lost)
    announced += lost.length
    return pending.map(([, createdAt]) => createdAt)
  })
  return announced
}
