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
    const lost = await unknownOf(
      context,
      pending.map(([id]) => id),
    )
    await context.deliveries.add(lost)
    announced += lost.length
    return pending.map(([, createdAt]) => createdAt)
  })
  return announced
}

/** Those that are in no job: neither in one of their own nor in the one that they were announced in. */
async function unknownOf(
  { deliveries, deliveryStore }: ReconcileContext,
  ids: readonly string[],
): Promise<string[]> {
  const known = await deliveries.has(ids)
  const without = ids.filter((_, i) => known[i] === false)
  if (without.length === 0) return []
  const shared = await deliveryStore.sharedJobs(without)
  const names = [...new Set(shared.filter((name) => name !== null))]
  const isThere = await deliveries.has(names)
  const found = new Set(names.filter((_, i) => isThere[i]))
  return without.filter((_, i) => !found.has(shared[i] ?? ''))
}
