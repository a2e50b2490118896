import { timeOfId } from '../ids.js'
import { isTerminal } from '../predictions/prediction.js'
import type { PredictionIndex } from '../predictions/prediction-index.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'

export interface RecountContext {
  index: Pick<PredictionIndex, 'tenants'>
  predictions: Pick<PredictionStore, 'readHeads'>
  openPredictions: OpenPredictions
  /** How old a prediction must be before its missing record is no step that is under way. */
  graceMs: number
  now(): number
}

const pageSize = 500

/** Takes out of every tenant's open predictions what has ended, or was never created. Returns how many. */
export async function recountOpen(context: RecountContext): Promise<number> {
  let removed = 0
  for (const tenant of await context.index.tenants()) {
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const [ids, next] = await context.openPredictions.scan(tenant, cursor, pageSize)
      removed += await removeClosed(context, tenant, ids)
      cursor = next
    }
  }
  return removed
}

async function removeClosed(context: RecountContext, tenant: string, found: readonly string[]) {
  const ids = found.filter((id) => timeOfId(id) < context.now() - context.graceMs)
  const heads = await context.predictions.readHeads(ids)
  const closed = ids.filter((_, i) => {
    const head = heads[i]
    return head == null || isTerminal(head.status)
  })
  await context.openPredictions.remove(closed.map((id) => ({ tenant, id })))
  return closed.length
}
