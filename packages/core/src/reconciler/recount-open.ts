import { modelTag, type PredictionId, timeOfId } from '../ids.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionIndex } from '../predictions/prediction-index.js'
import type { PredictionHead } from '../predictions/prediction-record.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { afterPage, pageSize } from './progress.js'

export interface RecountContext {
  index: Pick<PredictionIndex, 'tenants'>
  predictions: Pick<PredictionStore, 'readHeads' | 'openBetween'>
  openPredictions: OpenPredictions
  /** How old a prediction must be before its missing record is no step that is under way. */
  graceMs: number
  now(): number
}

export interface Recounted {
  /** Places of what has ended, or was never created. */
  removed: number
  /** Open predictions that had no place. */
  added: number
}

/** Makes the places of every tenant's open predictions what the records say. */
export async function recountOpen(
  context: RecountContext,
  versions: readonly QueueTarget[],
): Promise<Recounted> {
  let [removed, added] = [0, 0]
  for (const tenant of await context.index.tenants()) removed += await removeEnded(context, tenant)
  for (const target of versions) added += await addMissing(context, target)
  return { removed, added }
}

async function removeEnded(context: RecountContext, tenant: string): Promise<number> {
  const { openPredictions } = context
  let removed = 0
  for (const places of ['ofTenant', 'ofKeys'] as const) {
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const [ids, next]: [PredictionId[], string | null] = await openPredictions.scan(
        tenant,
        places,
        cursor,
        pageSize,
      )
      const ended = await endedOf(context, ids)
      await openPredictions.drop(tenant, ended)
      if (places === 'ofTenant') removed += ended.length
      cursor = next
    }
  }
  return removed
}

async function endedOf(context: RecountContext, found: readonly PredictionId[]): Promise<PredictionId[]> {
  const ids = found.filter((id) => timeOfId(id) < context.now() - context.graceMs)
  const heads = await context.predictions.readHeads(ids)
  return ids.filter((_, i) => {
    const head = heads[i]
    return head == null || isTerminal(head.status)
  })
}

async function addMissing(context: RecountContext, target: QueueTarget): Promise<number> {
  const untilMs = context.now() - context.graceMs
  let added = 0
  for (let afterMs: number | null = 0; afterMs !== null; ) {
    const page: [PredictionId, number][] = await context.predictions.openBetween(
      modelTag(target.model),
      target.version,
      afterMs,
      untilMs,
      pageSize,
    )
    added += await addMissingOf(
      context,
      page.map(([id]) => id),
    )
    afterMs = page.length < pageSize ? null : afterPage(page.map(([, createdAt]) => createdAt))
  }
  return added
}

async function addMissingOf(context: RecountContext, ids: readonly PredictionId[]): Promise<number> {
  const { openPredictions } = context
  const missing = await openPredictions.missing(await openHeads(context, ids))
  if (missing.length === 0) return 0
  await openPredictions.restore(missing, [])
  // What ended since it was read gave back a place that it did not have then.
  const stillOpen = new Set(
    (
      await openHeads(
        context,
        missing.map(({ id }) => id),
      )
    ).map(({ id }) => id),
  )
  await openPredictions.remove(missing.filter(({ id }) => !stillOpen.has(id)))
  return stillOpen.size
}

async function openHeads(context: RecountContext, ids: readonly PredictionId[]): Promise<PredictionHead[]> {
  const heads = await context.predictions.readHeads(ids)
  return heads.filter((head) => head !== null).filter(({ status }) => !isTerminal(status))
}
