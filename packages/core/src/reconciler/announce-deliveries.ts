import type { Progress } from './progress.js'
import type { ReconcileContext } from './reconcile-model.js'

const pageSize = 1000

/** Announces open deliveries that their queue does not know: the process that created them died before it could. */
export async function announceDeliveries(
  context: ReconcileContext,
  progress: Progress,
  untilMs: number,
): Promise<number> {
  let announced = 0
  for (const stretch of await progress.stretches('outbox', untilMs)) {
    const pending = await context.deliveryStore.pendingBetween(
      context.tag,
      stretch.afterMs,
      stretch.untilMs,
      pageSize,
    )
    const ids = pending.map(([id]) => id)
    const known = await context.deliveries.has(ids)
    const lost = ids.filter((_, i) => known[i] === false)
    await context.deliveries.add(lost)
    announced += lost.length
    await progress.advance(stretch, ids.length === pageSize ? (pending.at(-1)?.[1] ?? null) : null)
  }
  return announced
}
