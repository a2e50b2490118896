import type { ReconcileContext } from './reconcile-model.js'

const pageSize = 500
const maxPages = 20

/** Above this share of Redis's memory the oldest data goes before its time. */
const pressure = 0.6

/** Even then results stay long enough to be fetched. */
const leastKeptMs = 5 * 60_000

/** Removes input and output of predictions that ended long enough ago. Returns how many. */
export async function applyRetention(context: ReconcileContext): Promise<number> {
  const due = context.now() - context.dataRetentionMs
  let removed = 0
  for (let page = 0; page < maxPages; page++) {
    const pressed = (await context.memoryUse()) > pressure
    const ids = await context.predictions.retainedUntil(
      context.tag,
      pressed ? Math.max(due, context.now() - leastKeptMs) : due,
      pageSize,
    )
    if (ids.length === 0) break
    const stored = await context.predictions.removeData(context.tag, ids)
    await Promise.all(stored.map((key) => context.payloads.delete(key)))
    removed += ids.length
  }
  return removed
}
